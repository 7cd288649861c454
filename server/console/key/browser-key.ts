import type { PublicKey } from '#shared/protocol/authority.ts'

/*
 * The key of whoever sits here, in this browser. Leaves: its public half, its fingerprint, signatures. Promises: the
 * private half can be used and never read, by no page and no extension of one. Threat: a copied profile of a browser on
 * another disk still holds it, and a page that the collector altered can use it while its owner is signed in; so agents
 * let it bear nothing of high risk, and its certificate ends by itself.
 */

export interface BrowsersKey {
  /** RFC 7638 thumbprint of `key`, as registers and signatures name it. */
  kid: string
  key: PublicKey
  /** @returns a compact JWS over these bytes, as they are. */
  sign(text: string, typ: string): Promise<string>
}

const [database, store, algorithm] = ['tierline-keys', 'keys', 'Ed25519']

/** Signing needs what browsers give to pages of a safe origin only. */
export const canHaveKey = (): boolean => typeof crypto.subtle !== 'undefined' && typeof indexedDB !== 'undefined'

/** One browser may be several people's. */
export async function findKey(personId: string): Promise<BrowsersKey | null> {
  const kept: unknown = await withKeys('readonly', (keys) => keys.get(personId))
  return isPair(kept) ? openPair(kept) : null
}

/** In the place of the one before, which signs nothing more. */
export async function makeKey(personId: string): Promise<BrowsersKey> {
  const pair = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])
  if (!isPair(pair)) throw new Error('This browser made no key.')
  await withKeys('readwrite', (keys) => keys.put(pair, personId))
  return openPair(pair)
}

async function openPair({ privateKey, publicKey }: CryptoKeyPair): Promise<BrowsersKey> {
  const { x = '' } = await crypto.subtle.exportKey('jwk', publicKey)
  const kid = encode(await crypto.subtle.digest('SHA-256', bytesOf(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`)))
  return {
    kid,
    key: { kty: 'OKP', crv: 'Ed25519', x },
    async sign(text, typ) {
      const signed = `${encode(bytesOf(JSON.stringify({ alg: 'EdDSA', typ, kid })))}.${encode(bytesOf(text))}`
      return `${signed}.${encode(await crypto.subtle.sign(algorithm, privateKey, bytesOf(signed)))}`
    },
  }
}

function withKeys<Answer>(mode: IDBTransactionMode, work: (keys: IDBObjectStore) => IDBRequest<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(database, 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore(store)
    opening.onerror = () => reject(new Error('This browser keeps nothing for this page: leave its private window, or allow it.'))
    opening.onsuccess = () => {
      const transaction = opening.result.transaction(store, mode)
      const asked = work(transaction.objectStore(store))
      // Kept is what the whole transaction has kept.
      transaction.oncomplete = () => resolve(asked.result)
      transaction.onabort = () => reject(new Error('This browser could not keep the key.'))
    }
  })
}

const isPair = (value: unknown): value is CryptoKeyPair => typeof value === 'object' && value !== null && 'privateKey' in value

const bytesOf = (text: string) => new TextEncoder().encode(text)

/** Base64url, without the filling at its end. */
const encode = (bytes: ArrayBuffer | Uint8Array): string =>
  btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(''))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

/** Names the bytes, as `tierline sign` does. */
export async function digestOf(payload: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytesOf(payload)))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .slice(0, 40)
}
