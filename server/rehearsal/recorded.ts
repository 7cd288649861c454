import type { Kysely } from 'kysely'
import type { LoneIsolation } from '../command/contain.ts'
import { asFoundFingerprint } from '../onboard/onboard.ts'
import type { Entry } from '../pipeline/changes.ts'
import { releasesOf } from '../pipeline/evidence.ts'
import { loadLoneIsolations, loadRequesters, loadSubjects } from '../pipeline/load.ts'
import { columnsOfSignal } from '../pipeline/world.ts'
import type { Database } from '../store/schema.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'
import { type Happening, type History, readFleet, rounds, saidIn, type ToldTicket, writings } from './history.ts'
import { inTheirOrder } from './history-order.ts'

/*
 * What was recorded of one organisation since an instant, and of others what storms made of it: signals that came to tickets,
 * and what people did there, in their order. Only reads.
 */

export interface Recorded extends Pick<History, 'subjects' | 'requesters' | 'fleet' | 'disarmed'> {
  organisationId: string
  happenings: readonly Happening[]
  tickets: ReadonlyMap<string, ToldTicket>
  /** Without a person, as it was. */
  isolated: readonly LoneIsolation[]
  /** Since when names are known to the fleet; the release of each machine's agent. */
  ages: ReadonlyMap<string, number>
  releases: ReadonlyMap<string, string>
  isPartial: boolean
}

type Reader = Kysely<Database>

export async function readRecorded(reader: Reader, organisationId: string, since: number, maxSignals: number): Promise<Recorded> {
  const newest = await signalsOf(reader, since)
    .where('signals.organisation_id', '=', organisationId)
    .orderBy('arrival', 'desc')
    .limit(maxSignals + 1)
    .execute()
  const others = await signalsOf(reader, since)
    .where('signals.organisation_id', '!=', organisationId)
    .where('tickets.gathered_by', '=', 'storm')
    .orderBy('arrival', 'desc')
    .limit(maxSignals)
    .execute()
  const own = newest.slice(0, maxSignals)
  const signals = [...own, ...(own.some(({ gathered_by }) => gathered_by === 'storm') ? others : [])].sort(byArrival)
  const tickets = await ticketsOf(reader, organisationId, since)
  const told = await toldOf(reader, tickets)
  const [disarmed, ages, releases] = await Promise.all([
    reader.selectFrom('disarmed_detectors').selectAll().execute(),
    reader.selectFrom('detector_ages').select(['name', 'first_seen_at']).execute(),
    releasesOf(reader, [...new Set(signals.flatMap(({ endpoint_id }) => endpoint_id ?? []))]),
  ])
  return {
    ...{
      organisationId,
      tickets: told,
      disarmed,
      releases,
      happenings: happeningsOf(signals, told),
      isPartial: newest.length > maxSignals,
    },
    ages: new Map(ages.map(({ name, first_seen_at }) => [name, first_seen_at])),
    subjects: await loadSubjects(reader, [...tickets, ...signals]),
    requesters: await loadRequesters(reader, tickets),
    fleet: await readFleet(reader),
    isolated: await loadLoneIsolations(reader, since),
  }
}

/** What stands on the list of what was there before us is no ticket in any mode. */
const signalsOf = (reader: Reader, since: number) =>
  reader
    .selectFrom('signals')
    .innerJoin('tickets', 'tickets.id', 'signals.ticket_id')
    .select([...columnsOfSignal.map((column) => `signals.${column}` as const), 'ticket_id', 'handled_at', 'arrival', 'gathered_by'])
    .where('outcome', '=', 'ticket')
    .where('signals.received_at', '>=', since)
    .where('tickets.fingerprint', '!=', asFoundFingerprint)

type Signals = Awaited<ReturnType<ReturnType<typeof signalsOf>['execute']>>
const byArrival = (a: Signals[number], b: Signals[number]): number => Number(a.arrival) - Number(b.arrival)

/** Its own, and storms. */
const ticketsOf = (reader: Reader, organisationId: string, since: number): Promise<TicketsTable[]> =>
  reader
    .selectFrom('tickets')
    .selectAll()
    .where(({ eb, or }) => or([eb('organisation_id', '=', organisationId), eb('gathers', '=', 'storm')]))
    .where(({ eb, or }) => or([eb('resolved_at', 'is', null), eb('resolved_at', '>=', since)]))
    .orderBy('number')
    .execute()

async function toldOf(reader: Reader, tickets: readonly TicketsTable[]): Promise<Map<string, ToldTicket>> {
  const [entries, timers] = [new Map<string, (Entry & { id: string })[]>(), new Map<string, ToldTicket['timers'][number][]>()]
  for (let from = 0; from < tickets.length; from += pageSize) {
    const ids = tickets.slice(from, from + pageSize).map(({ id }) => id)
    const lines = reader.selectFrom('timeline').selectAll().where('ticket_id', 'in', ids).orderBy('at').orderBy('id').execute()
    const due = reader.selectFrom('timers').selectAll().where('ticket_id', 'in', ids).orderBy('due_at').execute()
    for (const { body, ...line } of await lines) put(entries, line.ticket_id, { ...line, body: JSON.parse(body) as Entry['body'] })
    for (const { ticket_id, ...timer } of await due) put(timers, ticket_id ?? '', timer)
  }
  return new Map(
    tickets.map((ticket) => [
      ticket.id,
      { ticket, entries: entries.get(ticket.id) ?? [], timers: timers.get(ticket.id) ?? [], incidents: undefined },
    ]),
  )
}

const pageSize = 500

function put<Value>(into: Map<string, Value[]>, key: string, value: Value): void {
  const known = into.get(key)
  if (known) known.push(value)
  else into.set(key, [value])
}

/** Timers fire anew. */
function happeningsOf(signals: Signals, told: ReadonlyMap<string, ToldTicket>): Happening[] {
  const firedAt = [...told].flatMap(([id, { timers }]) => timers.flatMap(({ fired_at }) => (fired_at === null ? [] : `${id} ${fired_at}`)))
  const decidedAt = signals.map(({ ticket_id, handled_at }) => `${ticket_id} ${handled_at}`)
  const isDecided = new Set([...firedAt, ...decidedAt])
  const entries = new Map([...told].map(([id, each]) => [id, each.entries as (Entry & { id: string })[]]))
  return inTheirOrder([
    ...rounds(
      signals.map(({ ticket_id, handled_at, arrival: _, gathered_by: __, ...row }) => ({ row, ticketId: ticket_id, at: handled_at ?? 0 })),
      saidIn(entries),
    ),
    ...writings(entries, (key) => isDecided.has(key)),
  ])
}
