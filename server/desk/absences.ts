import type { Time } from '#shared/domain/time.ts'
import { planOwn } from '../escalate/keep-timers.ts'
import type { Span } from '../people/roster.ts'
import { endAbsences, keepAbsence } from '../people/rosters.ts'
import type { Changes, TicketCase } from '../pipeline/changes.ts'
import type { Store, Tx, Within } from '../store/store.ts'
import type { TimersTable } from '../store/tables/escalate.ts'

/** Who is away. What that does to their tickets is a timer, so that it happens once, whatever crashes. */
export interface Absences {
  /** @param within here and below: what stands or falls with it. */
  begin(span: Span, within?: Within): Promise<string>
  /** @returns false: they were not away, nor about to be. */
  end(personId: string, within?: Within): Promise<boolean>
}

export interface AbsencesOptions {
  store: Store
  time: Time
  timers: { replan(dueAt: number): void }
}

export function createAbsences({ store, time, timers }: AbsencesOptions): Absences {
  return {
    async begin(span, within) {
      const now = time.now()
      const dueAt = Math.max(span.from, now)
      const id = await store.db.transaction().execute(async (tx) => {
        const made = await keepAbsence(tx, span, now)
        const timer = { id: `absence-${made}`, kind: 'absence' as const, dueAt, payload: JSON.stringify({ personId: span.personId }) }
        await planOwn(tx, store.capabilities.putRows, timer, now)
        await within?.(tx, made)
        return made
      })
      timers.replan(dueAt)
      return id
    },
    end: (personId, within) =>
      store.db.transaction().execute(async (tx) => {
        const isEnded = await endAbsences(tx, personId, time.now())
        if (isEnded) await within?.(tx)
        return isEnded
      }),
  }
}

/** Somebody whose absence begins now. */
export interface Leaver {
  personId: string
  name: string
  until: number
}

/** Those of these timers who are still to be away: it may have been called off. */
export async function leavers(tx: Tx, timers: readonly TimersTable[], now: number): Promise<Leaver[]> {
  const planned = timers.filter(({ kind }) => kind === 'absence').map(({ payload }) => JSON.parse(payload) as { personId: string })
  if (planned.length === 0) return []
  const rows = await tx
    .selectFrom('absences')
    .innerJoin('people', 'people.id', 'absences.person_id')
    .select(['person_id', 'people.name', 'until_at'])
    .where(
      'person_id',
      'in',
      planned.map(({ personId }) => personId),
    )
    .where('from_at', '<=', now)
    .where('until_at', '>', now)
    .execute()
  return rows.map(({ person_id, name, until_at }) => ({ personId: person_id, name, until: until_at }))
}

export async function ticketsOf(tx: Tx, people: readonly Leaver[]): Promise<string[]> {
  if (people.length === 0) return []
  const rows = await tx
    .selectFrom('tickets')
    .select('id')
    .where(
      'owner_id',
      'in',
      people.map(({ personId }) => personId),
    )
    .where('resolved_at', 'is', null)
    .execute()
  return rows.map(({ id }) => id)
}

/**
 * Back into the queue (pure): nobody's, and to be taken anew. One that waits goes on waiting, so that its promises stand
 * still; somebody else hears of it when it goes on.
 */
export function putBack({ ticket }: TicketCase, people: readonly Leaver[]): Changes {
  const leaver = people.find(({ personId }) => personId === ticket.owner_id)
  if (!leaver) return {}
  const isWaiting = ticket.status === 'waiting'
  const taken = isWaiting ? {} : { status: 'new' as const, acknowledged_at: null }
  const body = { team: ticket.team, personId: leaver.personId, name: leaver.name, until: leaver.until }
  return { ticket: { owner_id: null, ...taken }, entries: [{ kind: 'put-back', actor: 'system', body }] }
}
