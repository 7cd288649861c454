import type { z } from 'zod'
import type { BulkDetail, BulkList, BulkQuery, BulkSummary } from '#shared/api/bulk.ts'
import { stageAt } from '#shared/domain/bulk.ts'
import type { CommandStatus } from '#shared/domain/command.ts'
import type { BulksTable } from '../../store/tables/command.ts'
import type { View } from '../view.ts'
import { found } from './found.ts'
import { olderThan, type Place, pageOf } from './page.ts'
import { actorName } from './tickets.ts'

type Row = Omit<BulksTable, 'jws' | 'payload'> & { organisation_name: string }
type Counts = Omit<BulkSummary['stages'][number], 'size'>

const withoutBytes = [
  ...(['id', 'organisation_id', 'verb', 'args', 'risk', 'status', 'requested_by', 'reason', 'requested_at', 'expires_at'] as const),
  ...(['sizes', 'fail_percent', 'wait_ms', 'stage', 'stage_begun_at', 'judged_from', 'note', 'signatures', 'settled_at'] as const),
] as const

const rowsOf = (view: View) =>
  view
    .bulks()
    .innerJoin('organisations', 'organisations.id', 'bulks.organisation_id')
    .select(withoutBytes.map((column) => `bulks.${column}` as const))
    .select('organisations.name as organisation_name')

/** The newest first. */
export async function listBulks(view: View, { organisationId, before, limit }: z.output<typeof BulkQuery>): Promise<BulkList> {
  const ours = rowsOf(view).$if(organisationId !== undefined, (bulks) => bulks.where('bulks.organisation_id', '=', organisationId ?? ''))
  const older = ours.where(olderThan(['bulks.requested_at', 'bulks.id'], before === undefined ? undefined : await placeOf(view, before)))
  const inOrder = older.orderBy('bulks.requested_at', 'desc').orderBy('bulks.id', 'desc')
  const { page: rows, hasMore } = pageOf<Row>(await inOrder.limit(limit + 1).execute(), limit)
  const names = await view.namesOf([...new Set(rows.map(({ requested_by }) => requested_by))])
  const machines = await machinesOf(
    view,
    rows.map(({ id }) => id),
  )
  const ofEach = Map.groupBy(machines, ({ bulk_id }) => bulk_id)
  return { bulks: rows.map((row) => summaryOf(row, ofEach.get(row.id) ?? [], names)), hasMore }
}

const placeOf = async (view: View, id: string): Promise<Place> =>
  found('bulk', await view.bulks().select(['bulks.requested_at as at', 'bulks.id']).where('bulks.id', '=', id).executeTakeFirst())

export async function readBulk(view: View, id: string): Promise<BulkDetail | undefined> {
  const row: Row | undefined = await rowsOf(view).where('bulks.id', '=', id).executeTakeFirst()
  if (!row) return undefined
  const [machines, names] = await Promise.all([machinesOf(view, [id]), view.namesOf([row.requested_by])])
  const sizes = JSON.parse(row.sizes) as number[]
  return {
    ...summaryOf(row, machines, names),
    args: JSON.parse(row.args) as Record<string, unknown>,
    signedBy: (JSON.parse(row.signatures ?? '[]') as { operator: string }[]).map(({ operator }) => operator),
    machines: machines.map(({ endpoint_id, hostname, place, command_id, status, result, settled_at }) => ({
      ...{ id: endpoint_id, name: hostname, stage: stageAt(sizes, place) + 1, commandId: command_id, status, settledAt: settled_at },
      detail: result === null ? null : (JSON.parse(result) as { detail: string }).detail,
    })),
  }
}

type MachineRow = Awaited<ReturnType<typeof machinesOf>>[number]

/** In the order of their turns. */
async function machinesOf(view: View, ids: readonly string[]) {
  if (ids.length === 0) return []
  return view
    .bulkTargets()
    .leftJoin('commands', (join) =>
      join.onRef('commands.bulk_id', '=', 'bulk_targets.bulk_id').onRef('commands.endpoint_id', '=', 'bulk_targets.endpoint_id'),
    )
    .select(['bulk_targets.bulk_id', 'bulk_targets.place', 'bulk_targets.endpoint_id', 'endpoints.hostname'])
    .select(['commands.id as command_id', 'commands.status', 'commands.result', 'commands.settled_at'])
    .where('bulk_targets.bulk_id', 'in', ids)
    .orderBy('bulk_targets.place')
    .execute()
}

function summaryOf(row: Row, machines: readonly MachineRow[], names: Map<string, string>): BulkSummary {
  const sizes = JSON.parse(row.sizes) as number[]
  return {
    ...{ id: row.id, organisation: { id: row.organisation_id, name: row.organisation_name }, verb: row.verb, status: row.status },
    ...{ note: row.note, risk: row.risk, requestedBy: actorName(row.requested_by, names), reason: row.reason, stage: row.stage },
    ...{ requestedAt: row.requested_at, expiresAt: row.expires_at, settledAt: row.settled_at, failPercent: row.fail_percent },
    stages: sizes.map((size, stage) => ({ size, ...countsOf(machines.filter(({ place }) => stageAt(sizes, place) === stage)) })),
  }
}

const counted: Partial<Record<CommandStatus, keyof Counts>> = {
  ...{ succeeded: 'succeeded', dropped: 'dropped' },
  ...{ failed: 'failed', refused: 'failed', unknown: 'failed', expired: 'failed' },
}

function countsOf(machines: readonly MachineRow[]): Counts {
  const counts: Counts = { waiting: 0, underWay: 0, succeeded: 0, failed: 0, dropped: 0 }
  for (const { status } of machines) counts[status === null ? 'waiting' : (counted[status] ?? 'underWay')] += 1
  return counts
}
