import { randomUUIDv7 } from 'node:crypto'
import { days, type Time } from '#shared/domain/time.ts'
import type { Store, Tx, Within } from '../store/store.ts'
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
  createToken(
    token: { personId: string; name: string; ttlDays?: number },
    within?: Within,
  ): Promise<{ id: string; token: string; expiresAt: number | null }>
  revokeToken(id: string, within?: Within): Promise<void>
  createSource(source: { organisationId: string; name: string }, within?: Within): Promise<{ id: string; key: string }>
  revokeSource(id: string, within?: Within): Promise<void>
  /** What a restore has suspended works again. */
  confirmToken(id: string, within?: Within): Promise<void>
  confirmSource(id: string, within?: Within): Promise<void>
  callerOf(token: string): Promise<Caller | undefined>
  sourceOf(key: string): Promise<Source | undefined>
}

export function createPrograms({ store, time }: { store: Store; time: Time }): Programs {
  const change = (id: string, within: Within | undefined, how: (tx: Tx) => Promise<unknown>): Promise<void> =>
    store.db.transaction().execute(async (tx) => {
      await how(tx)
      await within?.(tx, id)
    })
  return {
    createToken: async ({ personId, name, ttlDays }, within) => {
      const id = randomUUIDv7()
      const token = newSecret('token')
      const now = time.now()
      const expiresAt = ttlDays === undefined ? null : now + days(ttlDays)
      const row = { id, name, hash: digestOf(token), person_id: personId, created_at: now, expires_at: expiresAt, revoked_at: null }
      await change(id, within, (tx) => tx.insertInto('api_tokens').values(row).execute())
      return { id, token, expiresAt }
    },
    revokeToken: (id, within) =>
      change(id, within, (tx) =>
        tx.updateTable('api_tokens').set({ revoked_at: time.now() }).where('id', '=', id).where('revoked_at', 'is', null).execute(),
      ),
    createSource: async ({ organisationId, name }, within) => {
      const id = randomUUIDv7()
      const key = newSecret('source')
      const row = { id, organisation_id: organisationId, name, key_hash: digestOf(key), created_at: time.now(), revoked_at: null }
      await change(id, within, (tx) => tx.insertInto('sources').values(row).execute())
      return { id, key }
    },
    revokeSource: (id, within) =>
      change(id, within, (tx) =>
        tx.updateTable('sources').set({ revoked_at: time.now() }).where('id', '=', id).where('revoked_at', 'is', null).execute(),
      ),
    confirmToken: (id, within) =>
      change(id, within, (tx) => tx.updateTable('api_tokens').set({ suspended_at: null }).where('id', '=', id).execute()),
    confirmSource: (id, within) =>
      change(id, within, (tx) => tx.updateTable('sources').set({ suspended_at: null }).where('id', '=', id).execute()),
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
