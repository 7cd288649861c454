import { CommandQuery, type EndpointDetail, type EndpointSummary, type IsolationView } from '#shared/api/endpoints.ts'
import type { Inventory } from '#shared/domain/inventory.ts'
import type { View } from '../view.ts'
import { listCommands } from './command.ts'
import { isolationsOf } from './isolation.ts'
import { readMissing } from './missing.ts'

/** Of its page; the rest comes by a list of its own. */
const commandsShown = CommandQuery.parse({})

export async function listEndpoints(view: View, organisationId: string | undefined): Promise<EndpointSummary[]> {
  const rows = await summaryRows(view.endpoints())
    .where('endpoints.removed_at', 'is', null)
    .$if(organisationId !== undefined, (endpoints) => endpoints.where('endpoints.organisation_id', '=', organisationId ?? ''))
    .orderBy('endpoints.hostname')
    .orderBy('endpoints.id')
    .execute()
  return summaries(view, rows)
}

export async function readEndpoint(view: View, id: string): Promise<EndpointDetail | undefined> {
  const row = await summaryRows(view.endpoints()).where('endpoints.id', '=', id).executeTakeFirst()
  if (!row) return undefined
  const [[summary], inventory, missing, commands, certificateExpiresAt] = await Promise.all([
    summaries(view, [row]),
    inventoryOf(view, id),
    readMissing(view, id),
    listCommands(view, id, commandsShown),
    certificateExpiryOf(view, id),
  ])
  if (!summary) return undefined
  return {
    ...summary,
    enrolledAt: row.enrolled_at,
    removedAt: row.removed_at,
    certificateExpiresAt,
    inventory: inventory ? withoutCopies(inventory.body) : null,
    releasableBy: inventory?.body.agent.release?.copies.map(({ name }) => name) ?? [],
    inventoryAt: inventory?.at ?? null,
    ...missing,
    commands: commands.commands,
    hasMoreCommands: commands.hasMore,
  }
}

function summaryRows(endpoints: ReturnType<View['endpoints']>) {
  return endpoints
    .innerJoin('organisations', 'organisations.id', 'endpoints.organisation_id')
    .leftJoin('sites', 'sites.id', 'endpoints.site_id')
    .leftJoin('presences', 'presences.endpoint_id', 'endpoints.id')
    .leftJoin('inventories', 'inventories.endpoint_id', 'endpoints.id')
    .selectAll('endpoints')
    .select(['organisations.name as organisation_name', 'sites.name as site_name', 'inventories.role as found_role'])
    .select(['presences.is_connected', 'presences.last_heard_at', 'presences.goodbye'])
    .select((either) => either.fn.coalesce('presences.agent_version', 'inventories.agent_version').as('agent_version'))
}
type SummaryRow = Awaited<ReturnType<ReturnType<typeof summaryRows>['execute']>>[number]

async function summaries(view: View, rows: SummaryRow[]): Promise<EndpointSummary[]> {
  const ids = rows.map(({ id }) => id)
  const [isolationOf, openTickets] = await Promise.all([isolationsOf(view, ids), openTicketsOf(view, ids)])
  return rows.map((row) => summaryOf(row, isolationOf(row.id), openTickets.get(row.id) ?? 0))
}

function summaryOf(row: SummaryRow, isolation: IsolationView, openTickets: number): EndpointSummary {
  return {
    id: row.id,
    hostname: row.hostname,
    organisation: { id: row.organisation_id, name: row.organisation_name },
    site: row.site_id === null ? null : { id: row.site_id, name: row.site_name ?? '' },
    platform: row.platform,
    role: row.confirmed_role ?? row.found_role ?? 'unknown',
    tags: JSON.parse(row.tags ?? '[]') as string[],
    roleSource: row.confirmed_role ? 'person' : row.found_role && row.found_role !== 'unknown' ? 'facts' : 'unknown',
    isConnected: row.is_connected === 1,
    lastHeardAt: row.last_heard_at,
    goodbye: row.goodbye,
    agentVersion: row.agent_version,
    openTickets,
    isolation,
  }
}

async function openTicketsOf(view: View, endpointIds: string[]): Promise<Map<string, number>> {
  if (endpointIds.length === 0) return new Map()
  const rows = await view
    .tickets()
    .select((count) => ['tickets.endpoint_id', count.fn.countAll<number>().as('total')])
    .where('tickets.endpoint_id', 'in', endpointIds)
    .where('tickets.status', '!=', 'resolved')
    .groupBy('tickets.endpoint_id')
    .execute()
  return new Map(rows.map(({ endpoint_id, total }) => [endpoint_id ?? '', Number(total)]))
}

async function inventoryOf(view: View, endpointId: string): Promise<{ at: number; body: Inventory } | undefined> {
  const row = await view
    .inventories()
    .select(['inventories.at', 'inventories.body'])
    .where('inventories.endpoint_id', '=', endpointId)
    .executeTakeFirst()
  return row && { at: row.at, body: JSON.parse(row.body) as Inventory }
}

/** The copies are sealed, and still nobody who looks at a machine has any use for them. */
function withoutCopies({ agent: { release: _, ...agent }, ...inventory }: Inventory): Inventory {
  return { ...inventory, agent }
}

async function certificateExpiryOf(view: View, endpointId: string): Promise<number | null> {
  const newest = await view
    .certificates()
    .select('certificates.not_after')
    .where('certificates.endpoint_id', '=', endpointId)
    .where('certificates.revoked_at', 'is', null)
    .orderBy('certificates.not_after', 'desc')
    .executeTakeFirst()
  return newest?.not_after ?? null
}
