import type { Generated } from 'kysely'
import type { Role } from '#shared/domain/endpoint.ts'

export interface SamplesTable {
  endpoint_id: string
  at: number
  /** JSON of a Sample. */
  body: string
}
export interface RollupsTable {
  endpoint_id: string
  /** How wide its slot is. */
  step_ms: number
  /** When its slot begins. */
  at: number
  /** How many samples are in it. */
  samples: number
  /** As `rollupText` (shared/domain/rollup.ts) writes it. */
  body: string
}
/** Slots that got samples since they were last rolled up. A row is only added and deleted, never changed. */
export interface RollupsDueTable {
  endpoint_id: string
  step_ms: number
  at: number
  due_at: number
}
export interface InventoriesTable {
  endpoint_id: string
  at: number
  role: Role
  agent_version: string
  /** JSON of an Inventory. */
  body: string
  /** JSON list of NeighbourPlace, out of the body: where others of its network reach it. */
  places?: Generated<string | null>
  /** JSON of a SaidReadiness, out of the body: whether it could be isolated. */
  readiness?: Generated<string | null>
}

/** What a machine has installed, as it said it last. */
export interface SoftwareTable {
  endpoint_id: string
  at: number
  /** JSON of a Software. */
  body: string
}

export interface MeasureTables {
  samples: SamplesTable
  rollups: RollupsTable
  rollups_due: RollupsDueTable
  inventories: InventoriesTable
  software: SoftwareTable
}
