import { closeSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { calculateJwkThumbprint, importJWK } from 'jose'
import type { z } from 'zod'
import { Fault } from '#shared/domain/fault.ts'
import { AuthorityKey } from '#shared/protocol/authority.ts'
import { openSealedKey, SealedKey, type SigningKey } from '../../identity/sealed-key.ts'
import { askPassphrase } from './passphrase.ts'

/** What an operator hands to whoever holds an authority key. */
export const PublicHalf = AuthorityKey.extend({ name: SealedKey.shape.name })

/** Never over another: a key that is lost is lost for ever. */
export function writeKeyFile(file: string, sealed: SealedKey): void {
  writeNew(file, sealed, 0o600)
  writePublicHalf(file, sealed)
}

/** Beside the key, unless it is there. */
export function writePublicHalf(file: string, { name, kid, key }: z.infer<typeof PublicHalf>): void {
  if (!existsSync(`${file}.pub`)) writeNew(`${file}.pub`, { name, kid, key }, 0o644)
}

export async function readPublicHalf(file: string): Promise<z.infer<typeof PublicHalf>> {
  const half = read(file, PublicHalf, 'the public half of a key')
  if (await isWhole(half)) return half
  throw new Fault('key-unreadable', `${file} is damaged: it holds no key, or another than it says. Ask for the .pub file again.`)
}

/** The fingerprint is that of the key. */
export async function isWhole({ kid, key }: z.infer<typeof AuthorityKey>): Promise<boolean> {
  try {
    await importJWK(key, 'EdDSA')
    return (await calculateJwkThumbprint(key)) === kid
  } catch {
    return false
  }
}

export async function openKeyFile(file: string | undefined, flag: string, passphraseFile: string | undefined): Promise<SigningKey> {
  if (file === undefined) throw new Fault('flag-bad', `Name the key file with ${flag}.`)
  const sealed = read(file, SealedKey, 'a key file of Tierline')
  return openSealedKey(sealed, await askPassphrase(`${sealed.name}’s key (${file})`, passphraseFile))
}

function read<Schema extends z.ZodType>(file: string, schema: Schema, what: string): z.infer<Schema> {
  if (!existsSync(file)) throw new Fault('key-missing', `There is no ${file}.`)
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    throw new Fault('key-unreadable', `${file} is not ${what}.`)
  }
}

function writeNew(file: string, content: unknown, mode: number): void {
  mkdirSync(dirname(resolve(file)), { recursive: true, mode: 0o700 })
  if (existsSync(file)) throw new Fault('key-exists', `${file} is there already; name another file, or move it away.`)
  const descriptor = openSync(`${file}.new`, 'w', mode)
  try {
    writeSync(descriptor, `${JSON.stringify(content, null, 2)}\n`)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  // Whole or not at all, and never over another that came meanwhile.
  linkSync(`${file}.new`, file)
  rmSync(`${file}.new`)
}
