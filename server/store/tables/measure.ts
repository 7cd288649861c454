import type { Role } from '#shared/domain/endpoint.ts'

export interface SamplesTable {
  endpoint_id: string
  at: number
  /** JSON of a Sample. */
  body: string
}
export interface InventoriesTable {
  endpoint_id: string
  at: number
  role: Role
  agent_version: string
  /** JSON of an Inventory. */
  body: string
}

export interface MeasureTables {
  samples: SamplesTable
  inventories: InventoriesTable
}
