import type { Generated } from 'kysely'
import type { Flag } from '../flag.ts'

export interface OrganisationsTable {
  id: string
  name: string
  /** `observe`: nothing isolates without a person. */
  mode: 'observe' | 'live'
  plan: string
  time_zone: string
  created_at: number
}
export interface SitesTable {
  id: string
  organisation_id: string
  name: string
  time_zone: string | null
  created_at: number
}
export interface PeopleTable {
  id: string
  name: string
  /** What they sign in with, lower case. */
  login: string
  password_hash: string
  /** JSON array of team names of the matrix; powers follow from them. */
  teams: string
  is_admin: Flag
  /** null: staff of the provider, sees every organisation. */
  organisation_id: string | null
  created_at: number
  disabled_at: number | null
}
export interface SessionsTable {
  /** SHA-256 of the cookie's secret. */
  id: string
  person_id: string
  created_at: number
  expires_at: number
}
export interface ApiTokensTable {
  id: string
  name: string
  /** SHA-256 of the secret. */
  hash: string
  /** Acts with this person's powers. */
  person_id: string
  created_at: number
  expires_at: number | null
  revoked_at: number | null
  /** By a restore, which may have brought a revoked one back: it works again once an admin has said so. */
  suspended_at?: Generated<number | null>
}
/** Where signals come from that no agent sends. */
export interface SourcesTable {
  id: string
  organisation_id: string
  name: string
  key_hash: string
  created_at: number
  revoked_at: number | null
  /** As of a token. */
  suspended_at?: Generated<number | null>
}

export interface PeopleTables {
  organisations: OrganisationsTable
  sites: SitesTable
  people: PeopleTable
  sessions: SessionsTable
  api_tokens: ApiTokensTable
  sources: SourcesTable
}
