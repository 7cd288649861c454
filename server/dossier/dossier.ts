import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { calculateJwkThumbprint, compactVerify, decodeProtectedHeader, importJWK } from 'jose'
import { z } from 'zod'
import { Fault } from '#shared/domain/fault.ts'
import { PublicKey } from '#shared/protocol/authority.ts'
import { readTar, type TarFile, writeTar } from '#shared/protocol/tar.ts'

/*
 * One ticket as a file for somebody outside: an insurer, the police, a court. Enters: what is known of it, as files.
 * Leaves: one archive (.tar.gz) with a manifest of hashes that the collector's key signed. Promises: one altered byte of
 * any file, one file more or less, and it is said which. On failure: a Fault. Threat: who hands the archive on and would
 * like it to tell something else; that the key is this collector's, its fingerprint says, which the reader asks for.
 */

export const dossierType = 'tierline-dossier+jws'
const [manifestName, keyName] = ['manifest.jws', 'collector-key.json']
/** More than any ticket has; whoever sends one that unpacks to more wants to fill our memory. */
const maxUnpackedBytes = 2 ** 29

const Manifest = z.object({
  v: z.literal(1),
  ticket: z.number(),
  madeAt: z.number(),
  /** Of the audit, when it was made. */
  auditHead: z.string(),
  files: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string() })),
})
export type Manifest = z.infer<typeof Manifest>

export interface Signer {
  key: PublicKey
  /** Compact JWS with the type of a dossier. */
  sign(manifest: Manifest): Promise<string>
}

export async function packDossier(about: Omit<Manifest, 'v' | 'files'>, files: readonly TarFile[], signer: Signer): Promise<Buffer> {
  const key = { name: keyName, content: Buffer.from(JSON.stringify(signer.key)) }
  const listed = [...files, key].map(({ name, content }) => ({ name, bytes: content.length, sha256: sha256(content) }))
  const jws = await signer.sign({ v: 1, ...about, files: listed })
  return gzipSync(writeTar([...files, key, { name: manifestName, content: Buffer.from(jws) }], about.madeAt))
}

export interface Opened {
  manifest: Manifest
  /** RFC 7638 thumbprint of the key that signed it. */
  kid: string
  files: readonly TarFile[]
}

/** @throws Fault `dossier-bad` with one sentence that names the file that is not what was signed. */
export async function openDossier(archive: Buffer): Promise<Opened> {
  const files = filesOf(unpacked(archive))
  const byName = new Map(files.map((file) => [file.name, file.content]))
  if (byName.size < files.length) throw bad('it holds two files of one name')
  const { manifest, kid } = await readManifest(byName)
  for (const { name, sha256: hash } of manifest.files) {
    const content = byName.get(name)
    if (!content) throw bad(`${name} is missing`)
    if (sha256(content) !== hash) throw bad(`${name} was altered`)
    byName.delete(name)
  }
  byName.delete(manifestName)
  for (const name of byName.keys()) throw bad(`${name} was put in later`)
  return { manifest, kid, files }
}

async function readManifest(byName: ReadonlyMap<string, Buffer>): Promise<Pick<Opened, 'manifest' | 'kid'>> {
  const [jws, key] = [byName.get(manifestName)?.toString('utf8'), byName.get(keyName)?.toString('utf8')]
  if (jws === undefined || key === undefined) throw bad('it holds no signed manifest')
  try {
    const jwk = PublicKey.parse(JSON.parse(key))
    const { payload } = await compactVerify(jws, await importJWK(jwk, 'EdDSA'), { algorithms: ['EdDSA', 'Ed25519'] })
    if (decodeProtectedHeader(jws).typ !== dossierType) throw bad('what is signed is no manifest')
    return { manifest: Manifest.parse(JSON.parse(new TextDecoder().decode(payload))), kid: await calculateJwkThumbprint(jwk) }
  } catch (error) {
    throw error instanceof Fault ? error : bad('the signature of its manifest does not hold')
  }
}

function filesOf(archive: Buffer): TarFile[] {
  try {
    return readTar(archive)
  } catch (error) {
    throw error instanceof RangeError ? bad(error.message) : error
  }
}

function unpacked(archive: Buffer): Buffer {
  try {
    return gunzipSync(archive, { maxOutputLength: maxUnpackedBytes })
  } catch {
    throw bad('it can’t be unpacked')
  }
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex')
const bad = (why: string): Fault => new Fault('dossier-bad', `This is no dossier, or not what was signed: ${why}.`)
