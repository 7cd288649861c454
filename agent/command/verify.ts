import { compactVerify, decodeProtectedHeader, importJWK } from 'jose'
import { CommandOrder } from '#shared/domain/command.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { CommandAuthority } from '#shared/protocol/enrolment.ts'
import { firstIssue } from '#shared/protocol/envelope.ts'

/*
 * Who may tell this machine what to do (invariant 6). Enters: a compact JWS as it came. Leaves: an order that one of our
 * authorities signed, for us, with a verb that its key may sign; or why it is none. Promises: one changed byte anywhere
 * makes it `forged`. On failure: `forged`, or `unfit` when the signature holds but this agent can't read the order.
 * Threat: one compromised collector, or anybody on the way, commanding every machine.
 */

export type Verdict =
  | { kind: 'order'; order: CommandOrder }
  | { kind: 'forged'; reason: string; claimed: Claimed | undefined }
  | { kind: 'unfit'; reason: string; claimed: Claimed | undefined }

/** What it says it is. Nothing of it is believed; it only names the command that is answered. */
export interface Claimed {
  id: string
  verb: string
}

export const commandType = 'tierline-command+jws'
/** What `Command.jws` takes. */
const maxLength = 65_536
const ClaimedPayload = CommandOrder.pick({ id: true, verb: true })

/** An authority whose key is ready to verify: an attack doesn't wait for that. */
export interface Verifier {
  kid: string
  key: Awaited<ReturnType<typeof importJWK>>
  verbs: readonly string[]
}

export function readyVerifiers(authorities: readonly CommandAuthority[]): Promise<Verifier[]> {
  return Promise.all(authorities.map(async ({ kid, key, verbs }) => ({ kid, key: await importJWK(key, 'EdDSA'), verbs })))
}

export async function verify(jws: string, verifiers: readonly Verifier[], endpointId: string): Promise<Verdict> {
  const claimed = readClaimed(jws)
  const forged = (reason: string): Verdict => ({ kind: 'forged', reason, claimed })
  if (!isCanonical(jws)) return forged('it is not a compact JWS')

  const header = readHeader(jws)
  if (header?.typ !== commandType) return forged('its header does not say that it is a command')
  const verifier = verifiers.find(({ kid }) => kid === header.kid)
  if (!verifier) return forged('no authority of this endpoint has the key it names, and no operator in force')

  let payload: unknown
  try {
    const verified = await compactVerify(jws, verifier.key, { algorithms: ['EdDSA', 'Ed25519'] })
    payload = JSON.parse(new TextDecoder().decode(verified.payload))
  } catch (error) {
    return forged(`its signature does not hold: ${sentenceOf(error)}`)
  }

  const order = CommandOrder.safeParse(payload)
  if (!order.success) return { kind: 'unfit', reason: firstIssue(order.error), claimed }
  if (!order.data.endpoints.includes(endpointId)) return forged('it is addressed to somebody else')
  if (!verifier.verbs.includes('*') && !verifier.verbs.includes(order.data.verb)) return forged('its key may not sign this verb')
  return { kind: 'order', order: order.data }
}

/** Nothing of it is believed: it says whose key to try. */
export const readHeader = (jws: string) => attempt(() => decodeProtectedHeader(jws))

/**
 * Base64url leaves spare bits in a part's last character: two texts can mean the same bytes. Only the one that encoding
 * would have written is taken, so that every changed byte counts.
 */
export function isCanonical(jws: string): boolean {
  const parts = jws.split('.')
  return (
    jws.length <= maxLength && parts.length === 3 && parts.every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)
  )
}

function readClaimed(jws: string): Claimed | undefined {
  if (jws.length > maxLength) return undefined
  const payload = attempt(() => JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8')) as unknown)
  const parsed = ClaimedPayload.safeParse(payload)
  return parsed.success ? parsed.data : undefined
}

/** Undefined when it throws: text from outside that can't be read is no text at all. */
function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
