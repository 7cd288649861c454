import type { Selectable } from 'kysely'
import type { IsolationView } from '#shared/api/endpoints.ts'
import type { TicketDetail } from '#shared/api/tickets.ts'
import type { NeighboursView } from '#shared/domain/neighbours.ts'
import type { IsolationsTable } from '../../store/tables/command.ts'
import type { View } from '../view.ts'

/** Before an endpoint has said anything of itself. */
const unheard: IsolationView = {
  desired: 'open',
  desiredAt: null,
  actual: 'open',
  actualAt: null,
  isReady: false,
  detail: 'This endpoint has not said yet whether it can isolate.',
  proof: null,
  number: null,
  neighbours: null,
  keptBy: 0,
}

/** By endpoint id; every id that was asked for has one. */
export async function isolationsOf(view: View, endpointIds: string[]): Promise<(endpointId: string) => IsolationView> {
  if (endpointIds.length === 0) return () => unheard
  const rows = await view.isolations().selectAll('isolations').where('isolations.endpoint_id', 'in', endpointIds).execute()
  const known = new Map(rows.map((row) => [row.endpoint_id, isolationOf(row)]))
  return (endpointId) => known.get(endpointId) ?? unheard
}

function isolationOf(row: Selectable<IsolationsTable>): IsolationView {
  return {
    desired: row.desired,
    desiredAt: row.desired_at,
    actual: row.actual,
    actualAt: row.actual_at,
    isReady: row.is_ready === 1,
    detail: row.detail,
    proof: row.proof === null ? null : (JSON.parse(row.proof) as Record<string, unknown>),
    number: row.number ?? null,
    neighbours: row.neighbours ? (JSON.parse(row.neighbours) as NeighboursView) : null,
    keptBy: row.kept_by ? (JSON.parse(row.kept_by) as string[]).length : 0,
  }
}

/** Whose word to release it waits for the other side's. */
export async function releaseAgreedOn(view: View, endpointId: string): Promise<TicketDetail['releaseAgreed']> {
  const said = view.releaseConsents().select(['side', 'person_id', 'reason', 'at']).where('release_consents.endpoint_id', '=', endpointId)
  const rows = await said.orderBy('at').execute()
  const names = await view.namesOf(rows.map(({ person_id }) => person_id))
  return rows.map(({ person_id, ...row }) => ({ ...row, by: names.get(person_id) ?? 'somebody' }))
}
