import type { Kysely } from 'kysely'
import { isOpen } from '#shared/domain/ticket.ts'
import { comesBack, endedWith, parted, type Release, releaseBy, whyOf } from '../correlate/children.ts'
import { endClocks, startClocks } from '../escalate/escalate.ts'
import { planOwn } from '../escalate/keep-timers.ts'
import { unmarkJoined } from '../ingest/handled.ts'
import { apply, type PutRows, type TicketCase } from '../pipeline/changes.ts'
import type { Rules } from '../pipeline/keep.ts'
import { loadCases } from '../pipeline/load.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import type { TimersTable } from '../store/tables/escalate.ts'
import { releaseJoined } from '../suppress/keep.ts'

/*
 * What becomes of the tickets under one when it ends, or when a person says so: some at a time, by a timer that is planned
 * anew until none is left, so thousands of them neither hold up a turn nor are forgotten by a crash.
 */

/** So many are changed in one transaction. */
const maxAtOnce = 200

/** @returns when it is due, where something is to be done. */
export async function planRelease(tx: Tx, putRows: PutRows, cases: readonly TicketCase[], now: number): Promise<number[]> {
  const releases = cases.flatMap((work) => releaseBy(work) ?? [])
  for (const release of releases) await planOwn(tx, putRows, timerOf(release, now), now)
  return releases.length === 0 ? [] : [now]
}

const timerOf = (release: Release, dueAt: number) => ({
  ...{ id: `children-${release.parentId}`, kind: 'children' as const, dueAt },
  payload: JSON.stringify(release),
})

export interface Released {
  cases: readonly TicketCase[]
  /** What is left for later. */
  again: readonly Release[]
  /** Of these no ticket is left. */
  done: readonly Release[]
}

/** The next tickets of each, as they will stand. */
export async function releaseDue(from: Kysely<Database>, timers: readonly TimersTable[], rules: Rules, now: number): Promise<Released> {
  const cases: TicketCase[] = []
  const [again, done]: [Release[], Release[]] = [[], []]
  for (const { payload } of timers.filter(({ kind }) => kind === 'children')) {
    const release = JSON.parse(payload) as Release
    const children = await loadChildren(from, release.parentId)
    cases.push(...children.map((child) => released(child, release, rules, now)))
    // Until none is left: one that fired in this moment, too, was not released.
    if (children.length > 0) again.push(release)
    else done.push(release)
  }
  return { cases, again, done }
}

/** What joined a loud machine's ticket without a ticket of its own is decided now, where it is still true. */
export async function releaseJoinedToo(tx: Tx, { done }: Released, now: number): Promise<{ again: Release[]; hasRaised: boolean }> {
  const again: Release[] = []
  let hasRaised = false
  for (const release of done) {
    const { anew, isMore } = await releaseJoined(tx, release.parentId, release.act === 'close', now)
    await unmarkJoined(tx, anew, release.parentId)
    if (isMore) again.push(release)
    hasRaised ||= anew.length > 0
  }
  return { again, hasRaised }
}

export async function releaseAgain(tx: Tx, putRows: PutRows, again: readonly Release[], now: number): Promise<void> {
  for (const release of again) await planOwn(tx, putRows, timerOf(release, now), now)
}

async function loadChildren(from: Kysely<Database>, parentId: string): Promise<TicketCase[]> {
  const tickets = await from
    .selectFrom('tickets')
    .selectAll()
    .where('parent_id', '=', parentId)
    .where('resolved_at', 'is', null)
    .orderBy('number')
    .limit(maxAtOnce)
    .execute()
  return loadCases(from, tickets)
}

/** One of them, as it stands afterwards (pure). */
export function released(child: TicketCase, release: Release, { owedOf, planOf }: Rules, now: number): TicketCase {
  if (!comesBack(child, release)) {
    const ended = apply(child, endedWith(child, release, now), now)
    return apply(ended, endClocks(child, release.actor, now), now)
  }
  const alone = apply(child, parted(child, whyOf(release), release.actor, now), now)
  const isOwed = alone.ticket.respond_by !== null || alone.ticket.resolve_by !== null
  if (alone.ticket.status !== 'new' && isOwed) return alone
  // Under another nobody has it and it waits for nobody: it begins again.
  const anew = alone.ticket.status === 'new' ? alone : apply(alone, { ticket: { status: 'new', acknowledged_at: null } }, now)
  return apply(anew, startClocks(anew, owedOf(anew), planOf(anew), now), now)
}

/** Somebody takes one from under another: it stands alone, with what is owed from now on. */
export function takenOut(work: TicketCase, personId: string, { owedOf, planOf }: Rules, now: number): TicketCase {
  if (work.ticket.parent_id === null || !isOpen(work.ticket.status)) return work
  const alone = apply(work, parted(work, 'somebody took it', personId, now), now)
  return apply(alone, startClocks(alone, owedOf(alone), planOf(alone), now), now)
}

/** What a timer on a ticket over others is decided on. */
export interface Under {
  /** How many came under it within the time of calm. */
  lately: number
  isStillTrue: boolean
}
/** What timers are decided on where tickets are under others. */
export interface OverOthers {
  /** By the ticket that is over them. */
  under: ReadonlyMap<string, Under>
  /** Which of the tickets over these are in a storm by now. */
  stormy: ReadonlySet<string>
}

const asking = new Set<TimersTable['kind']>(['storm-calm', 'quiet-clear'])

/** What is due on it asks for what is under it. */
export const asksUnder = ({ ticket }: TicketCase, due: readonly Pick<TimersTable, 'kind'>[]): boolean =>
  ticket.gathers !== null && due.some(({ kind }) => asking.has(kind))

export async function loadOverOthers(
  from: Kysely<Database>,
  cases: readonly TicketCase[],
  due: ReadonlyMap<string | null, readonly TimersTable[]>,
  { matrix }: Rules,
  now: number,
): Promise<OverOthers> {
  const isAsked = (work: TicketCase): boolean => asksUnder(work, due.get(work.ticket.id) ?? [])
  const under = new Map<string, Under>()
  for (const { ticket } of cases.filter(isAsked)) under.set(ticket.id, await readUnder(from, ticket, now - matrix.gathering.storm.calm.for))
  return { under, stormy: await readStormy(from, cases) }
}

async function readUnder(from: Kysely<Database>, { id: parentId, gathers }: TicketCase['ticket'], since: number): Promise<Under> {
  const { lately, standing } = await from
    .selectFrom('tickets')
    .select(({ fn }) => [
      fn.countAll().filterWhere('came_at', '>', since).as('lately'),
      fn
        .countAll()
        .filterWhere(({ and, eb }) => and([eb('is_standing', '=', 1), eb('resolved_at', 'is', null)]))
        .as('standing'),
    ])
    .where('parent_id', '=', parentId)
    .executeTakeFirstOrThrow()
  return { lately: Number(lately), isStillTrue: Number(standing) > 0 || (gathers === 'endpoint' && (await isJoinedTrue(from, parentId))) }
}

/** Of what joined a machine's one ticket without a ticket of its own, something is true. */
async function isJoinedTrue(from: Kysely<Database>, ticketId: string): Promise<boolean> {
  const one = from.selectFrom('suppressed_signals').select('signal_id').where('by_id', '=', ticketId).where('ended_at', 'is', null)
  return (await one.limit(1).executeTakeFirst()) !== undefined
}

async function readStormy(from: Kysely<Database>, cases: readonly TicketCase[]): Promise<Set<string>> {
  const parentIds = [...new Set(cases.flatMap(({ ticket }) => (ticket.containment === 'asked' ? (ticket.parent_id ?? []) : [])))]
  if (parentIds.length === 0) return new Set()
  const rows = await from
    .selectFrom('tickets')
    .select('id')
    .where('id', 'in', parentIds)
    .where(({ eb, or, and }) => or([eb('gathers', '=', 'storm'), and([eb('parent_id', 'is not', null), eb('gathered_by', '=', 'storm')])]))
    .execute()
  return new Set(rows.map(({ id }) => id))
}

/** A ticket over others is true as long as one of them is. */
export const standing = (work: TicketCase, under: Under | undefined): TicketCase =>
  under ? { ...work, ticket: { ...work.ticket, is_standing: under.isStillTrue ? 1 : 0 } } : work
