import type { Changes, TicketCase } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import type { After, AtShare } from '../route/sections/clocks.ts'
import type { Owed } from './promise.ts'

/*
 * Who is reminded, and when: at shares of a promise, and of a ticket that somebody took and nobody touched since. Each
 * reminder is found again from the instants that stand on the ticket, so a timer carries nothing, and of what was missed
 * only the latest is said.
 */

type Plan = NonNullable<Changes['plan']>
type Entries = NonNullable<Changes['entries']>
type Promised = 'respond' | 'resolve'
type Words = Pick<Matrix, 'reminders'>

interface Share extends AtShare {
  promise: Promised
  at: number
}

/** Every reminder of what is promised that still comes after `after`. At 100 % the promise is broken, which is said elsewhere. */
function sharesAfter({ ticket }: TicketCase, owed: Owed, { reminders }: Words, after: number): Share[] {
  const of = (promise: Promised, by: number | null, owedMs: number | null): Share[] => {
    const shares = reminders[promise][ticket.priority] ?? []
    if (by === null || owedMs === null || by <= after || shares.length === 0) return []
    const leftMs = owed.calendar.workingTime(after, by)
    return shares.flatMap((share) => {
      const untilMs = untilShare(share.percent, owedMs, leftMs)
      return share.percent === 100 || untilMs <= 0 ? [] : [{ ...share, promise, at: owed.calendar.addWorkingTime(after, untilMs) }]
    })
  }
  const isAnswered = ticket.responded_at !== null
  return [...(isAnswered ? [] : of('respond', ticket.respond_by, owed.respondMs)), ...of('resolve', ticket.resolve_by, owed.resolveMs)]
}

/** The next reminder of what is promised: of each promise the nearest, and when that is. */
export function nextShare({ ticket }: Pick<TicketCase, 'ticket'>, owed: Owed, { reminders }: Words, now: number): Plan {
  const next = (promise: Promised, by: number | null, owedMs: number | null): number => {
    const shares = reminders[promise][ticket.priority]
    if (!shares || by === null || owedMs === null || by <= now) return never
    const untilMs = untilNextShare(shares, owedMs, owed.calendar.workingTime(now, by))
    return untilMs === never ? never : owed.calendar.addWorkingTime(now, untilMs)
  }
  const respondAt = ticket.responded_at === null ? next('respond', ticket.respond_by, owed.respondMs) : never
  const dueAt = Math.min(respondAt, next('resolve', ticket.resolve_by, owed.resolveMs))
  return dueAt === never ? [] : [{ kind: 'promise-share', dueAt }]
}

const never = Number.POSITIVE_INFINITY

/** How much working time is left until the nearest share that is still ahead. */
function untilNextShare(shares: readonly AtShare[], owedMs: number, leftMs: number): number {
  let nearestMs = never
  for (const { percent } of shares) {
    const untilMs = untilShare(percent, owedMs, leftMs)
    if (percent !== 100 && untilMs > 0 && untilMs < nearestMs) nearestMs = untilMs
  }
  return nearestMs
}

/** How much working time is left until this share of what is owed has run. */
const untilShare = (percent: number, owedMs: number, leftMs: number): number => leftMs - (owedMs - Math.round((owedMs * percent) / 100))

/** Says what came due since `dueAt`, the latest of each promise, and plans the next. */
export function remindOfPromise(work: TicketCase, dueAt: number, owed: Owed, matrix: Words, now: number): Changes {
  const due = sharesAfter(work, owed, matrix, dueAt - 1).filter(({ at }) => at <= now)
  const latest = (['respond', 'resolve'] as const).flatMap((promise) => due.filter((share) => share.promise === promise).slice(-1))
  const entries = latest.map(({ promise, percent, tell, page }): Entries[number] => {
    const by = promise === 'respond' ? work.ticket.respond_by : work.ticket.resolve_by
    return { kind: 'reminded', actor: 'system', body: { what: 'promise', promise, percent, due: by, tell, page } }
  })
  return { entries, plan: nextShare(work, owed, matrix, now) }
}

/** Whom a broken promise is told. */
export function tellOfBroken(promise: Promised, { ticket }: TicketCase, { reminders }: Words): { tell?: string; page?: boolean } {
  const last = reminders[promise][ticket.priority]?.find(({ percent }) => percent === 100)
  return last ? { tell: last.tell, page: last.page } : {}
}

/** The next reminder of a ticket that somebody took and nobody has touched since. */
export function nextUntouched(work: TicketCase, owed: Owed, matrix: Words, now: number): Plan {
  const next = untouchedSteps(work, owed, matrix).find(({ at }) => at > now)
  return next ? [{ kind: 'untouched', dueAt: next.at }] : []
}

export function remindOfUntouched(work: TicketCase, dueAt: number, owed: Owed, matrix: Words, now: number): Changes {
  const latest = untouchedSteps(work, owed, matrix).findLast(({ at }) => at >= dueAt && at <= now)
  const plan = nextUntouched(work, owed, matrix, now)
  if (!latest) return { plan }
  const { after, tell, page } = latest
  return { entries: [{ kind: 'reminded', actor: 'system', body: { what: 'untouched', afterMs: after, tell, page } }], plan }
}

function untouchedSteps({ ticket }: TicketCase, owed: Owed, { reminders }: Words): (After & { at: number })[] {
  const since = ticket.touched_at
  if (since === null || ticket.status !== 'acknowledged') return []
  return (reminders.untouched[ticket.priority] ?? []).map((step) => ({ ...step, at: owed.calendar.addWorkingTime(since, step.after) }))
}
