import { randomBytes } from 'node:crypto'
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose'
import type { Kysely } from 'kysely'
import { browserKeyType } from '#shared/api/browser-key.ts'
import { minutes } from '#shared/domain/time.ts'
import type { PublicKey } from '#shared/protocol/authority.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import type { BrowserKeysTable } from '../store/tables/people.ts'

/*
 * Keys that lie in people's browsers. Enters: the public half of one, with a signature by the other half over what was asked
 * of this person a moment ago. Leaves: a request that somebody with an authority key answers, by `tierline operator certify
 * --request`. Promises: one a person, the newest; nobody hands in what they can't use; a request is no power. On failure: why
 * not, as a value. Threat: whoever writes this table can put their own key beside another's name, so an authority goes by the
 * fingerprint that the owner reads out; and since whoever runs the collector also serves the page that shows it, such a key
 * never bears what is of high risk.
 */

/** A page answers within a second; somebody may be asked by the browser before. */
const challengeMs = minutes(5)
/** One a person, so these are many people; the oldest goes first. */
const maxChallenges = 10_000

export interface HandedIn {
  key: PublicKey
  /** Compact JWS by its private half, over the challenge. */
  proof: string
}
export type KeyOutcome = { kind: 'asked'; kid: string } | { kind: 'refused'; reason: string } | { kind: 'taken' }

export interface BrowserKeys {
  /** @returns what the key that they hand in next has to sign: once, within five minutes. */
  challengeFor(personId: string): string
  /** @param within what stands or falls with it. */
  askForKey(personId: string, handedIn: HandedIn, within?: (tx: Tx) => Promise<void>): Promise<KeyOutcome>
  keyOf(personId: string): Promise<BrowserKeysTable | undefined>
  /** Who may hand in what it signed; undefined: it is in no browser that was heard of. */
  ownerOf(kid: string): Promise<string | undefined>
}

export function createBrowserKeys({ db, now }: { db: Kysely<Database>; now(): number }): BrowserKeys {
  const kept = () => db.selectFrom('browser_keys').selectAll()
  const challenges = createChallenges(now)
  return {
    challengeFor: challenges.ask,
    async askForKey(personId, { key, proof }, within) {
      const kid = await fingerprintOf(key)
      if (kid === undefined) return { kind: 'refused', reason: 'This is no public key of Ed25519.' }
      const challenge = challenges.take(personId)
      if (challenge === undefined) return { kind: 'refused', reason: 'Nothing was asked of this key, or too long ago: try again.' }
      if ((await signedBy(key, proof)) !== challenge) return { kind: 'refused', reason: 'This key did not sign what was asked of it.' }
      return db.transaction().execute(async (tx): Promise<KeyOutcome> => {
        const known = tx.selectFrom('browser_keys').select('person_id').where('kid', '=', kid).where('person_id', '!=', personId)
        if (await known.executeTakeFirst()) return { kind: 'taken' }
        const asked = { kid, x: key.x, asked_at: now() }
        await tx
          .insertInto('browser_keys')
          .values({ person_id: personId, ...asked })
          .onConflict((same) => same.column('person_id').doUpdateSet(asked))
          .execute()
        await within?.(tx)
        return { kind: 'asked', kid }
      })
    },
    keyOf: (personId) => kept().where('person_id', '=', personId).executeTakeFirst(),
    ownerOf: async (kid) => (await kept().where('kid', '=', kid).executeTakeFirst())?.person_id,
  }
}

/** Of this process: whoever is cut off by a restart presses once more. */
function createChallenges(now: () => number) {
  const open = new Map<string, { text: string; endsAt: number }>()
  return {
    ask(personId: string): string {
      const text = randomBytes(32).toString('base64url')
      open.delete(personId)
      open.set(personId, { text, endsAt: now() + challengeMs })
      if (open.size > maxChallenges) open.delete(open.keys().next().value ?? personId)
      return text
    },
    take(personId: string): string | undefined {
      const asked = open.get(personId)
      open.delete(personId)
      return asked && now() < asked.endsAt ? asked.text : undefined
    },
  }
}

async function signedBy(key: PublicKey, proof: string): Promise<string | undefined> {
  try {
    const { payload, protectedHeader } = await compactVerify(proof, await importJWK(key, 'EdDSA'), { algorithms: ['EdDSA'] })
    return protectedHeader.typ === browserKeyType ? new TextDecoder().decode(payload) : undefined
  } catch {
    // Whoever signs anything else is told the same.
    return undefined
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
