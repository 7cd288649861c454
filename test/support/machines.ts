import type { Role } from '#shared/domain/endpoint.ts'
import type { DeskRoom } from './desk-room.ts'

export interface Machine {
  endpointId: string
  organisationId: string
  siteId: string
}

/** So many customers with one site each, and machines spread over them in turn. */
export async function addMachines(
  room: Pick<DeskRoom, 'store' | 'time'>,
  { organisations, machines, role = 'workstation' }: { organisations: number; machines: number; role?: Role },
): Promise<Machine[]> {
  const { store, time } = room
  const now = time.now()
  const customers = Array.from({ length: organisations }, (_, index) => `customer-${index + 1}`)
  const made = Array.from({ length: machines }, (_, index): Machine => {
    const organisationId = customers[index % organisations] ?? ''
    return { endpointId: `machine-${index + 1}`, organisationId, siteId: `site-of-${organisationId}` }
  })
  await store.db.transaction().execute(async (tx) => {
    const { putRows } = store.capabilities
    const later = { created_at: now + 1 }
    const organisationRows = customers.map((id) => ({
      ...{ id, name: id, mode: 'live' as const, plan: 'standard', time_zone: 'Europe/Berlin', ...later },
    }))
    await putRows(tx, 'organisations', organisationRows, 'ignore')
    const siteRows = customers.map((id) => ({ id: `site-of-${id}`, organisation_id: id, name: 'Main', time_zone: null, ...later }))
    await putRows(tx, 'sites', siteRows, 'ignore')
    const endpoints = made.map(({ endpointId: id, organisationId, siteId }) => ({
      ...{ id, organisation_id: organisationId, site_id: siteId, hostname: id, platform: 'linux' as const },
      ...{ confirmed_role: null, enrolled_at: now, removed_at: null },
    }))
    await putRows(tx, 'endpoints', endpoints, 'ignore')
    const inventories = made.map(({ endpointId }) => ({ endpoint_id: endpointId, at: now, role, agent_version: '1', body: '{}' }))
    await putRows(tx, 'inventories', inventories, 'ignore')
  })
  return made
}
