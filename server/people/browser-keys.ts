import { calculateJwkThumbprint, importJWK } from 'jose'
import type { Kysely } from 'kysely'
import type { PublicKey } from '#shared/protocol/authority.ts'
import type { Database } from '../store/schema.ts'
import type { BrowserKeysTable } from '../store/tables/people.ts'

/*
 * Keys that lie in people's browsers. Enters: the public half of one, handed in by its owner. Leaves: a request that
 * somebody with an authority key answers, by `tierline operator certify --request`. Promises: one a person, the newest; a
 * request is no power. On failure: undefined for what is no key. Threat: whoever writes this table can put their own key
 * beside another's name, so an authority goes by the fingerprint that the owner reads out; and since whoever runs the
 * collector also serves the page that shows it, such a key never bears what is of high risk.
 */

export interface BrowserKeys {
  /** @returns its fingerprint; undefined: this is no key. */
  askForKey(personId: string, key: PublicKey): Promise<string | undefined>
  keyOf(personId: string): Promise<BrowserKeysTable | undefined>
  /** Who may hand in what it signed; undefined: it is in no browser that was heard of. */
  ownerOf(kid: string): Promise<string | undefined>
}

export function createBrowserKeys({ db, now }: { db: Kysely<Database>; now(): number }): BrowserKeys {
  const kept = () => db.selectFrom('browser_keys').selectAll()
  return {
    async askForKey(personId, key) {
      const kid = await fingerprintOf(key)
      if (kid === undefined) return undefined
      const asked = { kid, x: key.x, asked_at: now() }
      await db
        .insertInto('browser_keys')
        .values({ person_id: personId, ...asked })
        .onConflict((same) => same.column('person_id').doUpdateSet(asked))
        .execute()
      return kid
    },
    keyOf: (personId) => kept().where('person_id', '=', personId).executeTakeFirst(),
    ownerOf: async (kid) => (await kept().where('kid', '=', kid).executeTakeFirst())?.person_id,
  }
}

export interface KeyRequest {
  /** Of its owner, who becomes the operator. */
  name: string
  login: string
  kid: string
  key: PublicKey
  askedAt: number
}

/** Of everybody who may still sign in, newest first. */
export async function keyRequests(db: Kysely<Database>): Promise<KeyRequest[]> {
  const asked = db.selectFrom('browser_keys').innerJoin('people', 'people.id', 'person_id').where('disabled_at', 'is', null)
  const rows = await asked.select(['name', 'login', 'kid', 'x', 'asked_at']).orderBy('asked_at', 'desc').execute()
  return rows.map(({ name, login, kid, x, asked_at: askedAt }) => ({ name, login, kid, key: { kty: 'OKP', crv: 'Ed25519', x }, askedAt }))
}

/** RFC 7638. */
async function fingerprintOf(key: PublicKey): Promise<string | undefined> {
  try {
    await importJWK(key, 'EdDSA')
    return await calculateJwkThumbprint(key)
  } catch {
    // What somebody typed into the API is no key; why not is of no use to them.
    return undefined
  }
}
