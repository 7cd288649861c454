import { CompactSign, calculateJwkThumbprint, compactVerify, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import type { CommandOrder } from '#shared/domain/command.ts'
import { Fault } from '#shared/domain/fault.ts'
import { canonicalJson } from '#shared/protocol/canonical.ts'
import { documentType, maxDocumentChars, type SignedDocument, verbOfDocument } from '#shared/protocol/document.ts'
import { documents } from '#shared/protocol/documents.ts'
import type { CommandAuthority as PublicAuthority } from '#shared/protocol/enrolment.ts'
import { type StandingOrder, standingType } from '#shared/protocol/standing-order.ts'
import type { KeyFiles } from './key-files.ts'

/** The key by which agents know that an order or a document is ours. */
export interface CommandAuthority extends PublicAuthority {
  /** @returns a compact JWS (RFC 7515, EdDSA of RFC 8037) over the order's canonical JSON. */
  sign(order: CommandOrder): Promise<string>
  /** The same over a document's, with another `typ`. */
  signDocument(document: SignedDocument): Promise<string>
  /** The same over the list of what a dossier holds, with a `typ` that is no order's and no document's. */
  signDossier(manifest: object): Promise<string>
  signStanding(order: StandingOrder): Promise<string>
  /** What stands in a document that this key signed; undefined for whatever it didn't. */
  openDocument(jws: string): Promise<Uint8Array | undefined>
}

const file = 'command-authority.jwk.json'

export async function openCommandAuthority(files: KeyFiles, verbs: readonly string[]): Promise<CommandAuthority> {
  const jwk = readKey(files) ?? (await makeKey(files))
  const privateKey = await importJWK(jwk, 'EdDSA')
  const key = { kty: 'OKP' as const, crv: 'Ed25519' as const, x: jwk.x }
  const publicKey = await importJWK(key, 'EdDSA')
  const kid = await calculateJwkThumbprint(key)
  const signAs = (typ: string) => (content: unknown) =>
    new CompactSign(new TextEncoder().encode(canonicalJson(content))).setProtectedHeader({ alg: 'EdDSA', typ, kid }).sign(privateKey)
  return {
    kid,
    key,
    verbs: [...verbs, ...[...documents.values()].flatMap(({ name, signedBy }) => (signedBy === 'authority' ? [] : verbOfDocument(name)))],
    sign: signAs('tierline-command+jws'),
    signDocument: signAs(documentType),
    signStanding: signAs(standingType),
    signDossier: signAs('tierline-dossier+jws'),
    openDocument: async (jws) => {
      if (jws.length > maxDocumentChars) return undefined
      // Whatever a stranger sent: why it is not ours is nobody's business.
      const opened = await compactVerify(jws, publicKey, { algorithms: ['EdDSA', 'Ed25519'] }).catch(() => undefined)
      return opened?.protectedHeader.typ === documentType ? opened.payload : undefined
    },
  }
}

type PrivateKey = JWK & { x: string }

function readKey(files: KeyFiles): PrivateKey | undefined {
  const text = files.read(file)
  if (text === undefined) return undefined
  const jwk = JSON.parse(text) as JWK
  if (!jwk.x) throw new Fault('authority-broken', `${file} in the keys folder is damaged; agents take commands from no other key.`)
  return jwk as PrivateKey
}

async function makeKey(files: KeyFiles): Promise<PrivateKey> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const jwk = (await exportJWK(privateKey)) as PrivateKey
  files.write(file, JSON.stringify(jwk))
  return jwk
}
