import { v7 as orderedId } from 'uuid'
import type { Language } from '#shared/domain/language.ts'
import type { Time } from '#shared/domain/time.ts'
import type { Store, Tx, Within } from '../store/store.ts'
import { hashPassword } from './passwords.ts'

/*
 * Enters: organisations, sites and people, as an admin describes them. Leaves: their rows.
 * Promises: a login is one person's, whatever its letters' case; whoever is disabled has no session and no token left.
 * On failure: an outcome that says why. Threat: who may do this is checked by http, before it comes here.
 */

export interface NewPersonRow {
  name: string
  login: string
  password: string
  teams: string[]
  isAdmin: boolean
  organisationId: string | null
}
export interface NewOrganisationRow {
  name: string
  mode: 'observe' | 'live'
  plan: string
  timeZone: string
  language?: Language
}
export type PersonOutcome = { kind: 'made'; id: string } | { kind: 'taken' }
/** `vips`: names of those whose technician they were by name; they have none now. */
export type DisableOutcome = { kind: 'disabled'; vips: string[] } | { kind: 'last-admin' }

export interface Directory {
  /** @param within here and below: what stands or falls with it. */
  createOrganisation(organisation: NewOrganisationRow, within?: Within): Promise<string>
  createSite(site: { organisationId: string; name: string; timeZone: string | null }, within?: Within): Promise<string>
  createPerson(person: NewPersonRow, within?: Within): Promise<PersonOutcome>
  disablePerson(id: string, within?: Within): Promise<DisableOutcome>
}

export function createDirectory({ store, time }: { store: Store; time: Time }): Directory {
  const make = (id: string, within: Within | undefined, how: (tx: Tx) => Promise<unknown>): Promise<string> =>
    store.db.transaction().execute(async (tx) => {
      await how(tx)
      await within?.(tx, id)
      return id
    })
  return {
    createOrganisation: async ({ name, mode, plan, timeZone, language = 'en' }, within) => {
      const id = orderedId()
      const row = { id, name, mode, plan, time_zone: timeZone, language, created_at: time.now() }
      return make(id, within, (tx) => tx.insertInto('organisations').values(row).execute())
    },
    createSite: async ({ organisationId, name, timeZone }, within) => {
      const id = orderedId()
      const row = { id, organisation_id: organisationId, name, time_zone: timeZone, created_at: time.now() }
      return make(id, within, (tx) => tx.insertInto('sites').values(row).execute())
    },
    createPerson: (person, within) => createPerson(store, time, person, within),
    disablePerson: (id, within) => disablePerson(store, time, id, within),
  }
}

async function createPerson(store: Store, time: Time, person: NewPersonRow, within?: Within): Promise<PersonOutcome> {
  const login = person.login.trim().toLowerCase()
  const passwordHash = await hashPassword(person.password)
  return store.db.transaction().execute(async (tx) => {
    const known = await tx.selectFrom('people').select('id').where('login', '=', login).executeTakeFirst()
    if (known) return { kind: 'taken' }
    const id = orderedId()
    await tx
      .insertInto('people')
      .values({
        id,
        name: person.name,
        login,
        password_hash: passwordHash,
        teams: JSON.stringify(person.teams),
        is_admin: person.isAdmin ? 1 : 0,
        organisation_id: person.organisationId,
        created_at: time.now(),
        disabled_at: null,
      })
      .execute()
    await within?.(tx, id)
    return { kind: 'made', id }
  })
}

async function disablePerson(store: Store, time: Time, id: string, within?: Within): Promise<DisableOutcome> {
  const now = time.now()
  return store.db.transaction().execute(async (tx) => {
    const admins = await tx
      .selectFrom('people')
      .select('id')
      .where('is_admin', '=', 1)
      .where('organisation_id', 'is', null)
      .where('disabled_at', 'is', null)
      .execute()
    if (admins.length === 1 && admins[0]?.id === id) return { kind: 'last-admin' }
    await tx.updateTable('people').set({ disabled_at: now }).where('id', '=', id).where('disabled_at', 'is', null).execute()
    await tx.deleteFrom('sessions').where('person_id', '=', id).execute()
    await tx.updateTable('api_tokens').set({ revoked_at: now }).where('person_id', '=', id).where('revoked_at', 'is', null).execute()
    const vips = await tx.updateTable('requesters').set({ technician_id: null }).where('technician_id', '=', id).returning('name').execute()
    await within?.(tx)
    return { kind: 'disabled', vips: vips.map(({ name }) => name) }
  })
}

/** @param id null: all of them. @returns whose machines these are. */
export async function stopOrganisations(tx: Tx, id: string | null, until: number, personId: string): Promise<string[]> {
  const all = tx.updateTable('organisations').set({ stopped_until: until, stopped_by: personId })
  const rows = await (id === null ? all : all.where('id', '=', id)).returning('id').execute()
  return rows.map((row) => row.id)
}
