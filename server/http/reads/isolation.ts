import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { IsolationState, IsolationView } from '#shared/api/endpoints.ts'
import type { TicketDetail } from '#shared/api/tickets.ts'
import { IsolationReadiness, isClosed } from '#shared/domain/endpoint.ts'
import type { NeighboursView } from '#shared/domain/neighbours.ts'
import type { IsolationsTable } from '../../store/tables/command.ts'
import type { View } from '../view.ts'

/** Before an endpoint has said anything of itself. */
const unheard: IsolationView = {
  desired: 'open',
  desiredAt: null,
  actual: 'open',
  state: 'open',
  actualAt: null,
  isReady: false,
  notReady: 'This endpoint has not said yet whether it can isolate.',
  gaps: [],
  detail: '',
  proof: null,
  number: null,
  neighbours: null,
  keptBy: 0,
}

/** By endpoint id; every id that was asked for has one. */
export async function isolationsOf(view: View, endpointIds: string[]): Promise<(endpointId: string) => IsolationView> {
  if (endpointIds.length === 0) return () => unheard
  const [rows, running, said] = await Promise.all([
    view.isolations().selectAll('isolations').where('isolations.endpoint_id', 'in', endpointIds).execute(),
    runningOn(view, endpointIds),
    readinessOf(view, endpointIds),
  ])
  const viewOf = (row: (typeof rows)[number]): IsolationView => isolationOf(row, running.get(row.endpoint_id), said.get(row.endpoint_id))
  const known = new Map(rows.map((row) => [row.endpoint_id, viewOf(row)]))
  return (endpointId) => known.get(endpointId) ?? unheard
}

/** What their agents are at right now, by endpoint id. */
async function runningOn(view: View, endpointIds: string[]): Promise<Map<string, string>> {
  const unsettled = view.commands().select(['commands.endpoint_id', 'commands.verb']).where('commands.settled_at', 'is', null)
  const rows = await unsettled
    .where('commands.running_at', 'is not', null)
    .where('commands.verb', 'in', ['isolate-host', 'release-host'])
    .where('commands.endpoint_id', 'in', endpointIds)
    .orderBy('commands.running_at')
    .execute()
  return new Map(rows.map(({ endpoint_id, verb }) => [endpoint_id, verb]))
}

/** As inventories keep it. */
const SaidReadiness = IsolationReadiness.extend({ saidAt: z.number() })
type SaidReadiness = z.infer<typeof SaidReadiness>

async function readinessOf(view: View, endpointIds: string[]): Promise<Map<string, SaidReadiness>> {
  const rows = await view
    .inventories()
    .select(['inventories.endpoint_id', 'inventories.readiness'])
    .where('inventories.endpoint_id', 'in', endpointIds)
    .execute()
  return new Map(
    rows.flatMap(({ endpoint_id, readiness }) => (readiness ? [[endpoint_id, SaidReadiness.parse(JSON.parse(readiness))] as const] : [])),
  )
}

/** An inventory says it whenever it changes, a hello or a result says it as well: the later word holds. */
function readyOf(row: Selectable<IsolationsTable>, said: SaidReadiness | undefined): Pick<IsolationView, 'isReady' | 'notReady' | 'gaps'> {
  const isLater = said !== undefined && said.saidAt >= row.actual_at
  const isReady = isLater ? said.isReady : row.is_ready === 1
  const reason = (isLater ? said.reason : row.detail) || 'it has not said why'
  return { isReady, notReady: isReady ? null : reason, gaps: (isReady && said?.gaps) || [] }
}

function stateOf({ actual, number, proof }: Selectable<IsolationsTable>, running: string | undefined): IsolationState {
  if (running === 'isolate-host' && !isClosed(actual)) return 'applying'
  if (running === 'release-host' && actual !== 'open') return 'releasing'
  if (actual === 'isolating') return 'applying'
  if (actual !== 'open') return actual
  return number !== null || proof !== null ? 'released' : 'open'
}

function isolationOf(row: Selectable<IsolationsTable>, running: string | undefined, said: SaidReadiness | undefined): IsolationView {
  return {
    desired: row.desired,
    desiredAt: row.desired_at,
    actual: row.actual,
    state: stateOf(row, running),
    actualAt: row.actual_at,
    ...readyOf(row, said),
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
