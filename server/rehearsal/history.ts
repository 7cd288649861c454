import type { Kysely } from 'kysely'
import type { Leaver } from '../desk/absences.ts'
import type { Roster } from '../people/roster.ts'
import { loadRoster } from '../people/rosters.ts'
import type { Entry, Subject, Timer } from '../pipeline/changes.ts'
import { loadRequesters, loadSubjects, type Subjects } from '../pipeline/load.ts'
import { loadReach, type Reach } from '../pipeline/staff.ts'
import { columnsOfSignal, type SignalRow } from '../pipeline/world.ts'
import { type Matrix, parseMatrix } from '../route/matrix.ts'
import type { Database } from '../store/schema.ts'
import type { TimersTable } from '../store/tables/escalate.ts'
import type { DisarmedDetectorsTable } from '../store/tables/suppress.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'
import type { Among } from './gatherings.ts'
import { reported } from './history-acts.ts'
import { inTheirOrder } from './history-order.ts'

/*
 * What happened to a desk, read from its store: signals, what people did, timers that fired, answers of commands, each
 * transaction in its order; and beside them what was decided. Only reads.
 */

export interface ToldSignal {
  row: SignalRow
  /** The ticket that it opened or touched. */
  ticketId: string | null
}

/** One transaction. */
export type Happening = {
  at: number
  /** Stands in one order with the turns of the same instant; empty: it left no trace. */
  turn: string
} & (
  | { kind: 'signals'; signals: readonly ToldSignal[] }
  | { kind: 'timers'; due: ReadonlyMap<string, readonly Timer[]>; leavers: readonly Leaver[] }
  | { kind: 'written'; ticketId: string; entries: readonly Entry[] }
)

/** What was decided on one ticket, as it stands in the store. */
export interface ToldTicket {
  ticket: TicketsTable
  entries: readonly Entry[]
  timers: readonly Pick<TimersTable, 'kind' | 'due_at' | 'fired_at' | 'cancelled_at'>[]
  /** Of a problem: of which kind its incidents are, as the signal said that raised it. */
  incidents: string | undefined
}

export interface History {
  happenings: readonly Happening[]
  tickets: ReadonlyMap<string, ToldTicket>
  /** As they are known now. */
  subjects: Subjects
  /** Who asked, by their ids. */
  requesters: Awaited<ReturnType<typeof loadRequesters>>
  /** Their names by their ids. */
  sites: ReadonlyMap<string, string>
  roster: Roster
  reach: Reach
  /** Of machines, in the order in which they came, whatever became of them. */
  heard: readonly Pick<SignalRow, 'endpoint_id' | 'source_id' | 'received_at' | 'age_ms'>[]
  fleet: Pick<Among, 'machines' | 'siteSizes' | 'provider'>
  /** Which detectors isolated nothing alone, from when until when. */
  disarmed: readonly DisarmedDetectorsTable[]
  /** The oldest first. */
  versions: readonly { from: number; matrix: Matrix }[]
}

export async function readHistory(reader: Kysely<Database>): Promise<History> {
  const [signals, tickets, timeline, timers, versions, disarmed] = await Promise.all([
    reader
      .selectFrom('signals')
      .select([...columnsOfSignal, 'ticket_id', 'handled_at'])
      .where('handled_at', 'is not', null)
      .where(({ not, exists, selectFrom: from }) =>
        not(
          exists(
            from('suppressed_signals')
              .select('signal_id')
              .whereRef('signal_id', '=', 'signals.id')
              .where('suppressed_by', '!=', 'loud')
              .where(({ eb, or }) => or([eb('ended_as', 'is', null), eb('ended_as', '!=', 'decided')])),
          ),
        ),
      )
      .orderBy('arrival')
      .execute(),
    reader.selectFrom('tickets').selectAll().orderBy('number').execute(),
    reader.selectFrom('timeline').selectAll().orderBy('at').orderBy('id').execute(),
    reader.selectFrom('timers').selectAll().orderBy('due_at').execute(),
    reader.selectFrom('matrix_versions').selectAll().orderBy('version').execute(),
    reader.selectFrom('disarmed_detectors').selectAll().execute(),
  ])
  const entries = Map.groupBy(
    timeline.map(({ body, ...entry }) => ({ ...entry, body: JSON.parse(body) as Entry['body'] })),
    ({ ticket_id }) => ticket_id,
  )
  const timersOf = Map.groupBy(timers, ({ ticket_id }) => ticket_id)
  const incidentsOf = incidentKinds(signals)
  const told = tickets.map((ticket): [string, ToldTicket] => [
    ticket.id,
    { ticket, entries: entries.get(ticket.id) ?? [], timers: timersOf.get(ticket.id) ?? [], incidents: incidentsOf.get(ticket.id) },
  ])
  const firedAt = new Set(timers.flatMap(({ ticket_id, fired_at }) => (fired_at === null ? [] : `${ticket_id} ${fired_at}`)))
  const decidedAt = new Set(signals.flatMap(({ ticket_id, handled_at }) => (ticket_id === null ? [] : `${ticket_id} ${handled_at}`)))
  const happenings = inTheirOrder([
    ...rounds(
      signals.map(({ ticket_id, handled_at, ...row }) => ({ row, ticketId: ticket_id, at: handled_at ?? 0 })),
      saidIn(entries),
    ),
    ...firings(timers, entries),
    ...writings(entries, (key) => firedAt.has(key) || decidedAt.has(key)),
  ])
  const matrices = versions.flatMap(({ version, yaml, created_at }) => {
    const parsed = parseMatrix(yaml)
    return parsed.kind === 'matrix' ? [{ from: created_at, matrix: { ...parsed.matrix, version } }] : []
  })
  const roster = await loadRoster(reader, (team) => matrices.at(-1)?.matrix.teams[team]?.passesTo, 0)
  return {
    ...{
      happenings,
      tickets: new Map(told),
      versions: matrices,
      roster,
      disarmed,
      heard: await readHeard(reader),
      fleet: await readFleet(reader),
    },
    requesters: await loadRequesters(reader, tickets),
    sites: new Map((await reader.selectFrom('sites').select(['id', 'name']).execute()).map(({ id, name }) => [id, name])),
    ...{ subjects: await loadSubjects(reader, [...tickets, ...signals]), reach: await loadReach(reader, roster) },
  }
}

/** Of problems, as the signals said that raised them, by ticket. */
const incidentKinds = (signals: readonly { ticket_id: string | null; kind: string; facts: string }[]): Map<string, string> =>
  new Map(
    signals.flatMap(({ ticket_id, kind, facts }) =>
      ticket_id !== null && kind === 'problem.recurring'
        ? [[ticket_id, String((JSON.parse(facts) as { kind?: unknown }).kind)] as const]
        : [],
    ),
  )

const readHeard = (reader: Kysely<Database>): Promise<History['heard'][number][]> =>
  reader
    .selectFrom('signals')
    .select(['endpoint_id', 'source_id', 'received_at', 'age_ms'])
    .where(({ eb, or }) => or([eb('endpoint_id', 'is not', null), eb('source_id', 'is not', null)]))
    .orderBy('arrival')
    .execute()

export async function readFleet(reader: Kysely<Database>): Promise<History['fleet']> {
  const endpoints = await reader.selectFrom('endpoints').select('site_id').where('removed_at', 'is', null).execute()
  const siteSizes = new Map<string, number>()
  for (const { site_id: id } of endpoints) if (id !== null) siteSizes.set(id, (siteSizes.get(id) ?? 0) + 1)
  const first = await reader.selectFrom('organisations').select('id').orderBy('created_at').orderBy('id').limit(1).executeTakeFirst()
  const provider = { endpoint_id: null, organisation_id: first?.id ?? '' }
  return { machines: endpoints.length, siteSizes, provider: (await loadSubjects(reader, [provider])).of(provider) }
}

/** What a ticket was called that opened then. */
export function openedThen({ tickets }: Pick<History, 'tickets'>): (of: Subject, fingerprint: string, at: number) => string | undefined {
  const key = (organisationId: string, endpointId: string | null, fingerprint: string, at: number): string =>
    `${organisationId} ${endpointId ?? ''} ${at} ${fingerprint}`
  const ids = new Map(
    [...tickets.values()].map(({ ticket: { id, organisation_id, endpoint_id, fingerprint, opened_at } }) => [
      key(organisation_id, endpoint_id, fingerprint, opened_at),
      id,
    ]),
  )
  return ({ organisation, endpoint }, fingerprint, at) => ids.get(key(organisation.id, endpoint?.id ?? null, fingerprint, at))
}

/** What a task was called that followed from a ticket then. */
export const taskThen =
  ({ tickets }: History, at: number) =>
  (parentId: string, name: string): string =>
    [...tickets.values()].find(({ ticket }) => ticket.follows_id === parentId && ticket.task === name && ticket.opened_at === at)?.ticket
      .id ?? `again-${parentId}-${name}`

/** A round decides by one instant, and security has rounds of its own. */
export function rounds(signals: readonly (ToldSignal & { at: number })[], lineOf: ReadonlyMap<string, string>): Happening[] {
  const groups = Map.groupBy(signals, ({ at, row }) => `${at} ${row.kind.startsWith('security.')}`)
  return [...groups.values()].map((group) => {
    const [turn = ''] = group.flatMap(({ row }) => lineOf.get(row.id) ?? []).sort()
    return { kind: 'signals', at: group[0]?.at ?? 0, turn, signals: group }
  })
}

/** The line that each signal left on a timeline. */
export const saidIn = (entries: ReadonlyMap<string, readonly (Entry & { id: string })[]>): Map<string, string> =>
  new Map(
    [...entries.values()].flatMap((lines) =>
      lines.flatMap(({ id, body: { signalId } }) => (typeof signalId === 'string' ? [[signalId, id] as const] : [])),
    ),
  )

function firings(timers: readonly TimersTable[], entries: ReadonlyMap<string, readonly Entry[]>): Happening[] {
  const fired = Map.groupBy(
    timers.filter(({ fired_at }) => fired_at !== null),
    ({ fired_at, fired_turn }) => `${fired_at} ${fired_turn ?? ''}`,
  )
  return [...fired.values()].map((due) => {
    const at = due[0]?.fired_at ?? 0
    return {
      kind: 'timers',
      at,
      turn: due[0]?.fired_turn ?? '',
      due: Map.groupBy(
        due.flatMap(({ id, kind, due_at, ticket_id }) => (ticket_id === null ? [] : [{ id, kind, dueAt: due_at, ticketId: ticket_id }])),
        ({ ticketId }) => ticketId,
      ),
      leavers: due.some(({ kind }) => kind === 'absence') ? leaversAt(at, entries) : [],
    }
  })
}

/** Who was away stands on the tickets that they left. */
function leaversAt(at: number, entries: ReadonlyMap<string, readonly Entry[]>): Leaver[] {
  const put = [...entries.values()].flat().filter((entry) => entry.kind === 'put-back' && entry.at === at)
  const leavers = put.map(({ body }) => ({ personId: String(body.personId), name: String(body.name), until: Number(body.until) }))
  return [...new Map(leavers.map((leaver) => [leaver.personId, leaver])).values()]
}

/** What neither a signal nor a timer wrote: people did, or somebody reported. */
export function writings(
  entries: ReadonlyMap<string, readonly (Entry & { id: string })[]>,
  isDecided: (key: string) => boolean,
): Happening[] {
  return [...entries].flatMap(([ticketId, all]) =>
    [...Map.groupBy(all, ({ at }) => at)].flatMap(([at, written]): Happening[] => {
      const rest = isDecided(`${ticketId} ${at}`) ? written.filter(({ kind }) => kind === 'command-settled') : written
      const isSaid = rest.some(({ kind }) => kind === 'command-settled' || kind === 'command-held' || !reported.has(kind))
      return isSaid ? [{ kind: 'written', at, turn: rest[0]?.id ?? '', ticketId, entries: rest }] : []
    }),
  )
}
