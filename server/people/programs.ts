import { randomUUIDv7 } from 'node:crypto'
import { days, type Time } from '#shared/domain/time.ts'
import type { Store } from '../store/store.ts'
import { type Caller, callerOf, personColumns } from './caller.ts'
import { digestOf, newSecret, prefixes } from './secrets.ts'

/*
 * Enters: a name for a program. Leaves: its secret, once; only a hash is kept.
 * Promises: a token acts with the powers its person has now, never with more; a source may hand in signals of its own
 * organisation and nothing else; what is revoked or expired works no more from the next request on.
 * On failure: whoever is not known is nobody. Threat: a secret that leaked from a script.
 */

export interface Source {
  id: string
  organisationId: string
}

export interface Programs {
  createToken(token: { personId: string; name: string; ttlDays?: number }): Promise<{ id: string; token: string; expiresAt: number | null }>
  revokeToken(id: string): Promise<void>
  createSource(source: { organisationId: string; name: string }): Promise<{ id: string; key: string }>
  revokeSource(id: string): Promise<void>
  /** What a restore has suspended works again. */
  confirmToken(id: string): Promise<void>
  confirmSource(id: string): Promise<void>
  callerOf(token: string): Promise<Caller | undefined>
  sourceOf(key: string): Promise<Source | undefined>
}

export function createPrograms({ store, time }: { store: Store; time: Time }): Programs {
  return {
    createToken: async ({ personId, name, ttlDays }) => {
      const id = randomUUIDv7()
      const token = newSecret('token')
      const now = time.now()
      const expiresAt = ttlDays === undefined ? null : now + days(ttlDays)
      await store.db
        .insertInto('api_tokens')
        .values({ id, name, hash: digestOf(token), person_id: personId, created_at: now, expires_at: expiresAt, revoked_at: null })
        .execute()
      return { id, token, expiresAt }
    },
    revokeToken: async (id) => {
      await store.db
        .updateTable('api_tokens')
        .set({ revoked_at: time.now() })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .execute()
    },
    createSource: async ({ organisationId, name }) => {
      const id = randomUUIDv7()
      const key = newSecret('source')
      await store.db
        .insertInto('sources')
        .values({ id, organisation_id: organisationId, name, key_hash: digestOf(key), created_at: time.now(), revoked_at: null })
        .execute()
      return { id, key }
    },
    revokeSource: async (id) => {
      await store.db.updateTable('sources').set({ revoked_at: time.now() }).where('id', '=', id).where('revoked_at', 'is', null).execute()
    },
    confirmToken: async (id) => {
      await store.db.updateTable('api_tokens').set({ suspended_at: null }).where('id', '=', id).execute()
    },
    confirmSource: async (id) => {
      await store.db.updateTable('sources').set({ suspended_at: null }).where('id', '=', id).execute()
    },
    callerOf: async (token) => {
      if (!token.startsWith(prefixes.token)) return undefined
      const person = await personOfToken(store, token, time.now())
      return person && callerOf(person, 'token', null)
    },
    sourceOf: async (key) => {
      if (!key.startsWith(prefixes.source)) return undefined
      const source = await store.reader
        .selectFrom('sources')
        .select(['id', 'organisation_id'])
        .where('key_hash', '=', digestOf(key))
        .where('revoked_at', 'is', null)
        .where('suspended_at', 'is', null)
        .executeTakeFirst()
      return source && { id: source.id, organisationId: source.organisation_id }
    },
  }
}

function personOfToken(store: Store, token: string, now: number) {
  return store.reader
    .selectFrom('api_tokens')
    .innerJoin('people', 'people.id', 'api_tokens.person_id')
    .select(personColumns)
    .where('api_tokens.hash', '=', digestOf(token))
    .where('api_tokens.revoked_at', 'is', null)
    .where('api_tokens.suspended_at', 'is', null)
    .where((or) => or.or([or('api_tokens.expires_at', 'is', null), or('api_tokens.expires_at', '>', now)]))
    .where('people.disabled_at', 'is', null)
    .executeTakeFirst()
}
