import type { Kysely } from 'kysely'
import { v7 as orderedId } from 'uuid'
import { Tier } from '#shared/domain/tier.ts'
import type { Time } from '#shared/domain/time.ts'
import type { Audit } from '../audit/audit.ts'
import type { Database } from '../store/schema.ts'
import type { Store, Tx } from '../store/store.ts'
import { hashPassword } from './passwords.ts'
import { readablePassword } from './secrets.ts'

/*
 * Enters: an empty store. Leaves: one organisation with one site, and an admin who stands in all six teams.
 * Promises: made once, in one transaction; a later start finds them and makes nothing. On failure: nothing was made.
 * Threat: a known first password. It is random, shown by the caller once, and stored as a hash.
 */

export interface FirstSignIn {
  login: string
  password: string
}

export interface FirstRun {
  /** @returns the first organisation, and the sign-in only when it was made now. */
  ensure(wanted: { mode: 'observe' | 'live'; timeZone: string }): Promise<{ organisationId: string; firstSignIn?: FirstSignIn }>
  /** Gives the provider's first admin a new password, ends their sessions and tokens, and lets them in again. */
  resetAdmin(): Promise<FirstSignIn>
}

const firstLogin = 'admin'

export function createFirstRun({ store, time, audit }: { store: Store; time: Time; audit: Audit }): FirstRun {
  const insertAdmin = async (tx: Tx, passwordHash: string): Promise<void> => {
    const id = orderedId()
    await tx
      .insertInto('people')
      .values({
        id,
        name: 'Admin',
        login: firstLogin,
        password_hash: passwordHash,
        teams: JSON.stringify(Tier.options),
        is_admin: 1,
        organisation_id: null,
        created_at: time.now(),
        disabled_at: null,
      })
      .execute()
    await audit.record(tx, {
      actor: 'system',
      action: 'person.create',
      target: `person:${id}`,
      organisationId: null,
      detail: { login: firstLogin },
    })
  }

  const insertOrganisation = async (tx: Tx, mode: 'observe' | 'live', timeZone: string): Promise<string> => {
    const id = orderedId()
    const now = time.now()
    await tx
      .insertInto('organisations')
      .values({ id, name: 'My organisation', mode, plan: 'standard', time_zone: timeZone, created_at: now })
      .execute()
    await tx
      .insertInto('sites')
      .values({ id: orderedId(), organisation_id: id, name: 'Main site', time_zone: null, created_at: now })
      .execute()
    return id
  }

  const resetPassword = async (tx: Tx, personId: string, passwordHash: string): Promise<void> => {
    await tx.updateTable('people').set({ password_hash: passwordHash, disabled_at: null }).where('id', '=', personId).execute()
    await tx.deleteFrom('sessions').where('person_id', '=', personId).execute()
    await tx
      .updateTable('api_tokens')
      .set({ revoked_at: time.now() })
      .where('person_id', '=', personId)
      .where('revoked_at', 'is', null)
      .execute()
    await audit.record(tx, { actor: 'system', action: 'person.reset', target: `person:${personId}`, organisationId: null, detail: {} })
  }

  return {
    ensure: async ({ mode, timeZone }) => {
      const known = await firstOrganisation(store.db)
      if (known && (await firstAdmin(store.db))) return { organisationId: known.id }
      const password = readablePassword()
      const passwordHash = await hashPassword(password)
      return store.db.transaction().execute(async (tx) => {
        const organisationId = known?.id ?? (await insertOrganisation(tx, mode, timeZone))
        await insertAdmin(tx, passwordHash)
        return { organisationId, firstSignIn: { login: firstLogin, password } }
      })
    },
    resetAdmin: async () => {
      const password = readablePassword()
      const passwordHash = await hashPassword(password)
      return store.db.transaction().execute(async (tx) => {
        const admin = await firstAdmin(tx)
        if (admin) await resetPassword(tx, admin.id, passwordHash)
        else await insertAdmin(tx, passwordHash)
        return { login: admin?.login ?? firstLogin, password }
      })
    },
  }
}

function firstOrganisation(db: Kysely<Database>) {
  return db.selectFrom('organisations').select('id').orderBy('created_at').orderBy('id').executeTakeFirst()
}

/** Disabled ones too: a store has been set up once somebody was its admin. */
function firstAdmin(db: Kysely<Database>) {
  return db
    .selectFrom('people')
    .select(['id', 'login'])
    .where('is_admin', '=', 1)
    .where('organisation_id', 'is', null)
    .orderBy('created_at')
    .orderBy('id')
    .executeTakeFirst()
}
