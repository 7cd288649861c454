import { CompactSign, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import type { CommandOrder } from '#shared/domain/command.ts'
import { Fault } from '#shared/domain/fault.ts'
import type { CommandAuthority as PublicAuthority } from '#shared/protocol/enrolment.ts'
import type { KeyFiles } from './key-files.ts'

/** The key by which agents know that an order is ours. */
export interface CommandAuthority extends PublicAuthority {
  /** @returns a compact JWS (RFC 7515, EdDSA of RFC 8037) over the order's JSON. */
  sign(order: CommandOrder): Promise<string>
}

const file = 'command-authority.jwk.json'

export async function openCommandAuthority(files: KeyFiles, verbs: readonly string[]): Promise<CommandAuthority> {
  const jwk = readKey(files) ?? (await makeKey(files))
  const privateKey = await importJWK(jwk, 'EdDSA')
  const key = { kty: 'OKP' as const, crv: 'Ed25519' as const, x: jwk.x }
  const kid = await calculateJwkThumbprint(key)
  return {
    kid,
    key,
    verbs: [...verbs],
    sign: (order) =>
      new CompactSign(new TextEncoder().encode(JSON.stringify(order)))
        .setProtectedHeader({ alg: 'EdDSA', typ: 'tierline-command+jws', kid })
        .sign(privateKey),
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
