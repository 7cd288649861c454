import type { PeopleTable } from '../store/tables/people.ts'

/** `all`: staff of the provider; otherwise the one organisation whose things the caller may see. */
export type Scope = 'all' | string

/** Who asks, read from the store at each request: disabling a person or changing their teams works at once. */
export interface Caller {
  personId: string
  name: string
  login: string
  isAdmin: boolean
  teams: string[]
  organisationId: string | null
  scope: Scope
  via: 'session' | 'token'
  /** When this session began; null: a token's, whose person may be far away. */
  signedInAt: number | null
}

export type PersonRow = Pick<PeopleTable, 'id' | 'name' | 'login' | 'is_admin' | 'teams' | 'organisation_id'>
export const personColumns = [
  'people.id',
  'people.name',
  'people.login',
  'people.is_admin',
  'people.teams',
  'people.organisation_id',
] as const

export function callerOf(person: PersonRow, via: Caller['via'], signedInAt: number | null): Caller {
  return {
    personId: person.id,
    name: person.name,
    login: person.login,
    isAdmin: person.is_admin === 1,
    teams: JSON.parse(person.teams) as string[],
    organisationId: person.organisation_id,
    scope: person.organisation_id ?? 'all',
    via,
    signedInAt,
  }
}
