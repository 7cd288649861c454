import type { Generated } from 'kysely'
import type { Language } from '#shared/domain/language.ts'
import type { Flag } from '../flag.ts'

export interface OrganisationsTable {
  id: string
  name: string
  /** `observe`: nothing isolates without a person. */
  mode: 'observe' | 'live'
  plan: string
  time_zone: string
  /** In which its people are told, where they don't say otherwise. */
  language: Generated<Language>
  /** When its mode was chosen; null: with the organisation. */
  mode_since: number | null
  /** That its days of observing are over was said. */
  told_observed_at: number | null
  /** JSON array of kinds that its own IT handles first. */
  own_it: Generated<string>
  /** Its own IT may answer whether core machines of theirs are isolated. */
  answers_own_core: Generated<Flag>
  /** Scripts run nowhere of theirs; nothing that is against an attack is about this. */
  scripts_off: Generated<Flag>
  /** JSON array: whom the person at an isolated machine is to call. */
  call_whom: Generated<string>
  /** Until then nothing of theirs is isolated without a person. */
  stopped_until: number | null
  /** Id of whoever pressed the button; null: nobody, or before it was written down. */
  stopped_by: Generated<string | null>
  /** What is over ends after so many days. */
  kept_days: Generated<number>
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
  /** JSON array: what they know, as routes ask for it. */
  skills: Generated<string>
  /** JSON array of the teams that they lead. */
  leads: Generated<string>
  /** How many tickets they work on at once; null: as many as there are. */
  wip_limit: number | null
  created_at: number
  disabled_at: number | null
}
/** Somebody of a customer who asks for something; they need not sign in. */
export interface RequestersTable {
  id: string
  organisation_id: string
  name: string
  /** In lower case, one person of an organisation each. Of somebody who signs in otherwise, what they sign in with. */
  mail: string
  /** null: the organisation's. */
  language: Language | null
  time_zone: string | null
  is_vip: Generated<Flag>
  /** Of a VIP: whose tickets theirs are. null: nobody is named, or not any more. */
  technician_id: Generated<string | null>
  created_at: number
}
/** Every week, in a time zone. */
export interface ShiftsTable {
  id: string
  team: string
  person_id: string
  /** JSON array: mon, tue, … */
  days: string
  /** "08:00" */
  from_time: string
  to_time: string
  time_zone: string
  created_at: number
}
/** Whose turn it is to be on call. */
export interface RotationsTable {
  id: string
  team: string
  /** JSON array, in the order of their turns. */
  person_ids: string
  /** "2026-11-23" */
  starts_on: string
  hand_over: string
  every_days: number
  time_zone: string
  created_at: number
}
export interface OnCallOverridesTable {
  id: string
  team: string
  /** Where alone it holds; null: everywhere. */
  site_id: Generated<string | null>
  person_id: string
  from_at: number
  until_at: number
  created_at: number
}
export interface AbsencesTable {
  id: string
  person_id: string
  from_at: number
  until_at: number
  created_at: number
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

/** In a person's browser; this is its public half. */
export interface BrowserKeysTable {
  person_id: string
  kid: string
  x: string
  asked_at: number
}

export interface PeopleTables {
  browser_keys: BrowserKeysTable
  organisations: OrganisationsTable
  sites: SitesTable
  people: PeopleTable
  requesters: RequestersTable
  sessions: SessionsTable
  api_tokens: ApiTokensTable
  sources: SourcesTable
  shifts: ShiftsTable
  rotations: RotationsTable
  on_call_overrides: OnCallOverridesTable
  absences: AbsencesTable
}
