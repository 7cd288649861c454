import type { Lane } from '#shared/protocol/record.ts'
import type { Gap, StoredSignal } from './check.ts'
import type { CollectorSide } from './collector-side.ts'
import { noise } from './producer.ts'

/** What the collector has, as its database shows it from outside. */
export interface Found {
  signals: StoredSignal[]
  gaps: Gap[]
  unhandled: number
  /** Commands that are not answered, and wait for no person. */
  unsettled: number
  /** Fingerprints that the collector holds for true, by endpoint. */
  conditions: Map<string, Set<string>>
  connected: Set<string>
  /** Conditions with more than one ticket. */
  doubledTickets: string[]
  /** Tickets that count their signals wrongly. */
  miscounted: string[]
  /** Machines of which it was said that they are silent. */
  silences: { endpointId: string; at: number }[]
}

export async function look(collector: Pick<CollectorSide, 'rows'>): Promise<Found> {
  const rows = (sql: string) => collector.rows(sql)
  const text = (row: Record<string, unknown>, name: string): string => String(row[name])
  const signals = await rows(`select endpoint_id, id, about, kind, arrival from signals where origin = 'sent'`)
  const gaps = await rows('select endpoint_id, epoch, lane, from_seq, to_seq, why from gaps')
  const [unhandled] = await rows('select count(*) as count from signals where handled_at is null')
  const [unsettled] = await rows(`select count(*) as count from commands where settled_at is null and status <> 'held'`)
  const conditions = await rows(`select endpoint_id, fingerprint from conditions where fingerprint like 'chaos.%'`)
  const connected = await rows('select endpoint_id from presences where is_connected = 1')
  const doubled = await rows(
    'select endpoint_id, fingerprint, count(*) as count from tickets where endpoint_id is not null group by endpoint_id, fingerprint having count(*) > 1',
  )
  const counted = await rows(
    `select t.endpoint_id as endpoint_id, t.occurrences as counted,
      (select count(*) from signals s where s.ticket_id = t.id and s.state <> 'cleared') as stored
      from tickets t where t.fingerprint = '${noise}'`,
  )
  const silences = await rows(`select endpoint_id, received_at from signals where kind like 'presence.%' and state = 'raised'`)
  return {
    signals: signals.map((row) => ({
      ...{ endpointId: text(row, 'endpoint_id'), id: text(row, 'id'), about: text(row, 'about'), kind: text(row, 'kind') },
      arrival: Number(row.arrival),
    })),
    gaps: gaps.map((row) => ({
      ...{ endpointId: text(row, 'endpoint_id'), epoch: text(row, 'epoch'), lane: text(row, 'lane') as Lane, why: text(row, 'why') },
      ...{ from: Number(row.from_seq), to: Number(row.to_seq) },
    })),
    unhandled: Number(unhandled?.count),
    unsettled: Number(unsettled?.count),
    conditions: groupSets(conditions.map((row) => [text(row, 'endpoint_id'), text(row, 'fingerprint')])),
    connected: new Set(connected.map((row) => text(row, 'endpoint_id'))),
    doubledTickets: doubled.map((row) => `${text(row, 'fingerprint')} of ${text(row, 'endpoint_id')}: ${text(row, 'count')}`),
    miscounted: counted
      .filter((row) => Number(row.counted) !== Number(row.stored))
      .map((row) => `${text(row, 'endpoint_id')} counts ${text(row, 'counted')}, and ${text(row, 'stored')} are stored`),
    silences: silences.map((row) => ({ endpointId: text(row, 'endpoint_id'), at: Number(row.received_at) })),
  }
}

function groupSets(pairs: readonly [string, string][]): Map<string, Set<string>> {
  const sets = new Map<string, Set<string>>()
  for (const [key, value] of pairs) sets.set(key, (sets.get(key) ?? new Set()).add(value))
  return sets
}
