import { CompactSign, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import type { CommandOrder } from '#shared/domain/command.ts'
import { CommandAuthority } from '#shared/protocol/enrolment.ts'

/** Somebody who signs commands, and what an agent pins of them. */
export interface Signer {
  authority: CommandAuthority
  sign(order: unknown, header?: Record<string, string>): Promise<string>
}

export async function makeSigner(verbs = ['*']): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA')
  const jwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  return {
    authority: CommandAuthority.parse({ kid, key: jwk, verbs }),
    sign: (order, header = {}) =>
      new CompactSign(new TextEncoder().encode(JSON.stringify(order)))
        .setProtectedHeader({ alg: 'EdDSA', typ: 'tierline-command+jws', kid, ...header })
        .sign(privateKey),
  }
}

export const endpointId = 'endpoint-1'
export const issuedAt = 1_795_000_000_000

export function anOrder(more: Partial<CommandOrder> = {}): CommandOrder {
  return {
    id: 'command-1',
    verb: 'isolate-host',
    args: {},
    endpoints: [endpointId],
    nonce: 'a-nonce-of-sixteen',
    issuedAt,
    expiresAt: issuedAt + 60_000,
    requestedBy: 'Tierline',
    reason: 'a canary was made unreadable',
    ...more,
  }
}
