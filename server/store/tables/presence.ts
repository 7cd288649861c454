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

/** What was said of a machine that is away. */
export interface SilencesTable {
  endpoint_id: string
  /**
   * `silent`: by itself. `with-site`: covered by its site's. `excused`: its site is back; it is counted anew from then on.
   * `removed`: it won't come back, and nobody asks for it any more.
   */
  said: 'silent' | 'with-site' | 'excused' | 'removed'
  said_at: number
  /** Whose silence covers it. */
  site_id: string | null
}
export interface SiteSilencesTable {
  /** Or that of an organisation without sites, which is one place. */
  site_id: string
  organisation_id: string
  said_at: number
  /** How many it has covered. */
  machines: number
  /** When somebody was asked to go there. */
  ordered_at: number | null
}
/** When each organisation's monthly list of missing machines was made last. */
export interface MissingListsTable {
  organisation_id: string
  listed_at: number
}

export interface PresenceTables {
  presences: PresencesTable
  silences: SilencesTable
  site_silences: SiteSilencesTable
  missing_lists: MissingListsTable
}
