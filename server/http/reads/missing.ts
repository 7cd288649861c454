import { sql } from 'kysely'
import type { EndpointDetail } from '#shared/api/endpoints.ts'
import { Lane } from '#shared/protocol/record.ts'
import type { View } from '../view.ts'

const maxGaps = 100
const maxRefused = 20
/** Enough to see what was wrong with it. */
const maxRawChars = 2_000

/** What an endpoint noted and we don't have: its gaps, the records that were refused, and how many of each lane. */
export async function readMissing(view: View, endpointId: string): Promise<Pick<EndpointDetail, 'gaps' | 'refused' | 'missing'>> {
  const [gaps, refused, missing] = await Promise.all([gapsOf(view, endpointId), refusedOf(view, endpointId), totals(view, endpointId)])
  return { gaps, refused, missing }
}

async function gapsOf(view: View, endpointId: string): Promise<EndpointDetail['gaps']> {
  const rows = await view
    .gaps()
    .selectAll('gaps')
    .where('gaps.endpoint_id', '=', endpointId)
    .orderBy('gaps.noticed_at', 'desc')
    .orderBy('gaps.id', 'desc')
    .limit(maxGaps)
    .execute()
  return rows.map(({ lane, from_seq, to_seq, why, noticed_at }) => ({
    ...{ lane, fromSeq: from_seq, toSeq: to_seq, count: to_seq - from_seq + 1 },
    ...{ why, noticedAt: noticed_at },
  }))
}

async function refusedOf(view: View, endpointId: string): Promise<EndpointDetail['refused']> {
  const rows = await view
    .refusedRecords()
    .selectAll('refused_records')
    .where('refused_records.endpoint_id', '=', endpointId)
    .orderBy('refused_records.received_at', 'desc')
    .orderBy('refused_records.id', 'desc')
    .limit(maxRefused)
    .execute()
  return rows.map(({ lane, seq, reason, raw, received_at }) => ({
    lane,
    seq,
    reason,
    raw: raw.slice(0, maxRawChars),
    receivedAt: received_at,
  }))
}

async function totals(view: View, endpointId: string): Promise<EndpointDetail['missing']> {
  const lost = await view
    .gaps()
    .select(['gaps.lane', sql<number | string>`sum(gaps.to_seq - gaps.from_seq + 1)`.as('total')])
    .where('gaps.endpoint_id', '=', endpointId)
    .groupBy('gaps.lane')
    .execute()
  const refused = await view
    .refusedRecords()
    .select((count) => ['refused_records.lane', count.fn.countAll<number | string>().as('total')])
    .where('refused_records.endpoint_id', '=', endpointId)
    .groupBy('refused_records.lane')
    .execute()
  const of = (rows: { lane: Lane; total: number | string }[], lane: Lane) => Number(rows.find((row) => row.lane === lane)?.total ?? 0)
  return Lane.options
    .map((lane) => ({ lane, lost: of(lost, lane), refused: of(refused, lane) }))
    .filter((each) => each.lost + each.refused > 0)
}
