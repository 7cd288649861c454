import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { Time } from '#shared/domain/time.ts'
import { latelyMs } from '../command/brakes.ts'
import { type LoneIsolation, unanswered } from '../command/contain.ts'
import { calmDown } from '../correlate/gather.ts'
import { leavers, putBack, ticketsOf } from '../desk/absences.ts'
import { loadOverOthers, type OverOthers, type Released, releaseAgain, releaseDue, releaseJoinedToo, standing } from '../desk/children.ts'
import { loadPackets } from '../desk/packet.ts'
import { planned, type Replanned, replanDue } from '../desk/replan.ts'
import { stopOver } from '../desk/stop.ts'
import type { Staff } from '../escalate/crew.ts'
import { tightenClocks } from '../escalate/escalate.ts'
import { type Firing, fire } from '../escalate/fire.ts'
import { takeTimers } from '../escalate/keep-timers.ts'
import { raiseWithin } from '../ingest/handled.ts'
import { takeDigest } from '../notify/digest.ts'
import type { Notice } from '../notify/notify.ts'
import { apply, type TicketCase, type Timer } from '../pipeline/changes.ts'
import { kindsWhenAsked } from '../pipeline/evidence.ts'
import { type Kept, keepCases, nothingKept, type Rules } from '../pipeline/keep.ts'
import { loadCases, loadLoneIsolations, loadStaff, loadTickets } from '../pipeline/load.ts'
import type { Turns } from '../pipeline/turns.ts'
import type { Store, Tx } from '../store/store.ts'
import type { TimersTable } from '../store/tables/escalate.ts'
import { bundleMissed, isMissed, noticeOfMissed } from './caught-up.ts'
import { inWindows, stepOn, windowsDue } from './maintenance.ts'

/*
 * What is due, as a signal is handled: load, decide, keep, in one transaction with the marks that it fired.
 * A timer fires exactly once in the database, whatever crashes (invariant 4). One whose effect fails holds up no other:
 * it is taken as fired, and a ticket of the collector's own says so.
 */

export interface DueOptions {
  store: Store
  rules: Rules
  time: Time
  log: Logger
  turns: Turns
  /** Whether agents have had their chance to return since we can hear them; always, when absent. */
  hasGivenChance?(): boolean
  afterCommit(kept: Kept): void
}

/** Fires these timers, as many as are still open; returns how many it was asked for. */
export function createFire(options: DueOptions): (due: { id: string }[]) => Promise<number> {
  const { time, log, turns, afterCommit } = options
  const fireGroup = (ids: string[]): Promise<Kept> => {
    const now = time.now()
    return turns((tx) => fireAll(tx, options, ids, now))
  }
  const putAside = async (id: string, error: unknown): Promise<Kept> => {
    if (options.store.capabilities.isStoreTrouble(error)) throw error
    await turns((tx) => giveUp(tx, id, error, time.now()))
    log.error({ err: error, timer: id }, 'a timer could not be fired and was put aside')
    return nothingKept
  }
  return async (due) => {
    const ids = due.map(({ id }) => id)
    const kept = await fireGroup(ids).catch(() => undefined)
    if (kept) afterCommit(kept)
    else for (const id of ids) afterCommit(await fireGroup([id]).catch((error: unknown) => putAside(id, error)))
    return due.length
  }
}

async function fireAll(tx: Tx, { store, rules, hasGivenChance }: DueOptions, ids: string[], now: number): Promise<Kept> {
  const taken = await takeTimers(tx, ids, now)
  const timers = await tx
    .selectFrom('timers')
    .selectAll()
    .where('id', 'in', [...taken, ''])
    .orderBy('due_at')
    .execute()
  const byTicket = Map.groupBy(timers, ({ ticket_id }) => ticket_id)
  const own = byTicket.get(null) ?? []
  const away = await leavers(tx, own, now)
  const windows = await windowsDue(tx, own)
  const due = [...byTicket.keys()].flatMap((id) => id ?? [])
  const tickets = await loadTickets(tx, [...new Set([...due, ...(await ticketsOf(tx, away)), ...windows.ticketIds])])
  const loaded = await loadCases(tx, tickets)
  const known = { ...(await loadForHops(tx, loaded, timers, now)), ...(await loadOverOthers(tx, loaded, byTicket, rules, now)) }
  const asked = timers.filter(({ kind }) => kind === 'ask-due').map(({ ticket_id }) => ticket_id)
  const alone = asked.length > 0 ? await loadLoneIsolations(tx, now - latelyMs(rules.matrix)) : []
  const machines = loaded.flatMap(({ ticket }) => (asked.includes(ticket.id) ? (ticket.endpoint_id ?? []) : []))
  const kindsOn = await kindsWhenAsked(tx, machines, now)
  const fired = loaded.map((work) => {
    const timersOf = byTicket.get(work.ticket.id) ?? []
    const after = timersOf.length > 0 ? fireOn(work, timersOf, rules, { ...known, alone, kindsOn }, now) : work
    alone.push(...isolatedBy(after, now))
    return inWindows(apply(after, putBack(work, away), now), windows, rules, now)
  })
  const replanning = await replanDue(tx, own, rules, now)
  const releasing = await releaseDue(tx, own, rules, now)
  const cases = releasedToo(replanned(fired, replanning, rules, now), releasing)
  const notices = await ownNotices(tx, own, now)
  const isQuiet = ({ ticket }: TicketCase): boolean => byTicket.get(ticket.id)?.some((timer) => isMissed(timer, now)) === true
  const bundled = await bundleMissed(tx, store.capabilities, cases.filter(isQuiet), timers[0]?.due_at ?? now, now)
  const kept = await keepCases(tx, store.capabilities, rules, cases, now, { notices, isQuiet })
  const { dueAts, hasRaised } = await stepOn(tx, store, windows, rules.matrix, hasGivenChance?.() ?? true, now)
  const joined = await releaseJoinedToo(tx, releasing, now)
  const again = [...releasing.again, ...joined.again]
  await releaseAgain(tx, store.capabilities.putRows, again, now)
  const isMore = (await replanning.keepOn(store.capabilities.putRows)) || again.length > 0
  const dueAt = earliest([...bundled, ...dueAts, ...(isMore ? [now] : []), kept.dueAt])
  return { ...kept, hasRaised: kept.hasRaised || hasRaised || joined.hasRaised, dueAt }
}

const earliest = (instants: readonly (number | null)[]): number | null =>
  instants.reduce((a, b) => (a === null || (b !== null && b < a) ? b : a), null)

/** What has fired and takes over another plan does both. */
function replanned(fired: readonly TicketCase[], { cases: others }: Replanned, rules: Rules, now: number): TicketCase[] {
  const asked = new Set(others.map(({ ticket }) => ticket.id))
  const both = fired.map((work) => (asked.has(work.ticket.id) ? planned(work, rules, now) : work))
  const isFired = new Set(fired.map(({ ticket }) => ticket.id))
  return [...both, ...others.flatMap((work) => (isFired.has(work.ticket.id) ? [] : planned(work, rules, now)))]
}

/** What was released, unless it has fired as well: then that is kept, and what is left is released later. */
const releasedToo = (fired: readonly TicketCase[], { cases }: Released): TicketCase[] => {
  const isFired = new Set(fired.map(({ ticket }) => ticket.id))
  return [...fired, ...cases.filter(({ ticket }) => !isFired.has(ticket.id))]
}

/** What only a ticket that may move is decided on. */
interface ForHops {
  staff: readonly Staff[]
  packets: Awaited<ReturnType<typeof loadPackets>>
}

async function loadForHops(tx: Tx, cases: readonly TicketCase[], timers: readonly TimersTable[], now: number): Promise<ForHops> {
  const moving = new Set(timers.flatMap(({ kind, ticket_id }) => (kind === 'time-box' ? (ticket_id ?? []) : [])))
  if (moving.size === 0) return { staff: [], packets: new Map() }
  const [staff, packets] = await Promise.all([
    loadStaff(tx),
    loadPackets(
      tx,
      cases.filter(({ ticket }) => moving.has(ticket.id)),
      now,
    ),
  ])
  return { staff, packets }
}

/** Several may be due on one ticket after a long silence: in their order, each on what the one before it left. */
function fireOn(
  work: TicketCase,
  timers: readonly TimersTable[],
  rules: Rules,
  known: ForHops & OverOthers & { alone: readonly LoneIsolation[]; kindsOn: ReadonlyMap<string, number> },
  now: number,
): TicketCase {
  const { staff, packets, stormy, alone, kindsOn } = known
  const packet = packets.get(work.ticket.id)
  const under = known.under.get(work.ticket.id)
  const due = timers.map(({ id, kind, due_at: dueAt }) => ({ id, kind, dueAt }))
  const isInStorm = stormy.has(work.ticket.parent_id ?? '')
  return fireDue(
    standing(touchedBy(work), under),
    due,
    { rules, staff, packet, lately: under?.lately, isInStorm, alone, kinds: kindsOn.get(work.ticket.endpoint_id ?? '') },
    now,
  )
}

/** What a question that nobody answered has just isolated, for those after it in the same group. */
export function isolatedBy({ subject: { endpoint, site, organisation }, orders }: TicketCase, now: number): LoneIsolation[] {
  if (!endpoint || !orders.some(({ verb, requestedBy }) => verb === 'isolate-host' && requestedBy === 'system')) return []
  return [{ endpointId: endpoint.id, siteId: site?.id ?? null, organisationId: organisation.id, at: now }]
}

interface AskedAgain {
  rules: Rules
  lately?: number | undefined
  isInStorm?: boolean
  alone?: readonly LoneIsolation[]
  /** Of evidence on its machine. */
  kinds?: number | undefined
}

/** What these timers, which are no longer on the ticket, do to it (pure). */
export const fireDue = (
  work: TicketCase,
  due: readonly Timer[],
  { rules, staff, packet, lately = 0, isInStorm = false, alone = [], kinds }: Pick<Firing, 'staff' | 'packet'> & AskedAgain,
  now: number,
): TicketCase =>
  due.reduce((before, timer) => {
    if (timer.kind === 'ask-due') return apply(before, unanswered(before, rules.matrix.modes, now, isInStorm, alone, kinds), now)
    if (timer.kind === 'storm-calm') return apply(before, calmDown(before, lately, rules.matrix, now), now)
    const matrix = rules.planOf(before)
    const fired = apply(before, fire(before, timer, { matrix, owed: rules.owedOf(before), staff, packet }, now), now)
    return fired.ticket.team === before.ticket.team ? fired : apply(fired, tightenClocks(fired, rules.owedOf(fired), matrix, now), now)
  }, work)

/** Its timer is gone, so something may have to be planned, whatever the effect. */
const touchedBy = (work: TicketCase): TicketCase => ({ ...work, isChanged: true })

/** Of timers that are about no ticket: an organisation's digest, and what it missed. */
async function ownNotices(tx: Tx, timers: readonly TimersTable[], now: number): Promise<Notice[]> {
  const notices: Notice[] = []
  for (const { kind, payload } of timers) {
    if (kind === 'stop-over') notices.push(stopOver(payload))
    if (kind === 'caught-up') notices.push(noticeOfMissed(payload))
    if (kind !== 'digest') continue
    const { organisationId } = JSON.parse(payload) as { organisationId: string }
    notices.push(...(await takeDigest(tx, organisationId, now)))
  }
  return notices
}

async function giveUp(tx: Tx, id: string, error: unknown, now: number): Promise<void> {
  await takeTimers(tx, [id], now)
  const timer = await tx.selectFrom('timers').select(['kind', 'ticket_id']).where('id', '=', id).executeTakeFirst()
  if (!timer) return
  const ticket = tx
    .selectFrom('tickets')
    .select(['organisation_id', 'number'])
    .where('id', '=', timer.ticket_id ?? '')
  const about = await ticket.executeTakeFirst()
  const { id: organisationId } = await tx.selectFrom('organisations').select('id').orderBy('created_at').executeTakeFirstOrThrow()
  const what = about ? `A timer (${timer.kind}) of ticket ${about.number}` : `A timer of the desk's own (${timer.kind})`
  await raiseWithin(
    tx,
    {
      organisationId: about?.organisation_id ?? organisationId,
      endpointId: null,
      kind: 'system.timers.put-aside',
      severity: 'critical',
      fingerprint: `system.timers.put-aside:${timer.kind}`,
      summary: `${what} could not be fired: ${sentenceOf(error)}`.slice(0, 500),
      facts: { timerId: id, ticketId: timer.ticket_id },
    },
    now,
  )
}
