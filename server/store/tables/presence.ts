import type { GoodbyeReason } from '#shared/domain/endpoint.ts'
import type { Flag } from '../flag.ts'

export interface PresencesTable {
  endpoint_id: string
  is_connected: Flag
  changed_at: number
  last_heard_at: number
  goodbye: GoodbyeReason | null
  agent_version: string
}

export interface PresenceTables {
  presences: PresencesTable
}
