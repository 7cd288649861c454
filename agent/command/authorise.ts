import { importJWK } from 'jose'
import type { CommandOrder, Risk } from '#shared/domain/command.ts'
import type { Role } from '#shared/domain/endpoint.ts'
import type { Operator } from '#shared/protocol/authority.ts'
import { isCanonicalJson } from '#shared/protocol/canonical.ts'
import { longestOrderMs, type Register, whyNotByCollector, whyNotByOperators } from '#shared/protocol/command-powers.ts'
import { readHeader, type Verdict, type Verifier, verify } from './verify.ts'

/*
 * Whose word this machine takes for what. Enters: an order with one signature or more, as it came. Leaves: the order, or
 * one sentence why it won't run. Promises: where operators are named, the collector's key alone only protects, and on a
 * core machine not even isolates; everything else bears an operator's signature over these very bytes, for this endpoint
 * and organisation, in its time, with a register no older than a week.
 * Threat: whoever runs the collector (disk, database, keys), a lost operator's key, an order played back elsewhere or late.
 */

/** A command as it came: `also` are further signatures over the same bytes. */
export interface SignedOrder {
  jws: string
  also?: readonly string[] | undefined
}

export interface TrustParts {
  organisationId: string
  /** Undefined: the collector commands alone. */
  register(): Register | undefined
  role(): Promise<Role>
  /** Whether this very process stands in this agent's journal of accusations. Absent: none does. */
  accuses?(args: CommandOrder['args']): boolean
}

export interface Asking extends TrustParts {
  verifiers: readonly Verifier[]
  endpointId: string
  /** Undefined for a verb that this agent doesn't know. */
  riskOf(verb: string): Risk | undefined
  /** The later of the collector's time and this machine's: no clock alone makes an operator's order young again. */
  now: number
}

export async function authorise(signed: SignedOrder, asking: Asking): Promise<Verdict> {
  const { verifiers, endpointId } = asking
  const register = asking.register()
  const signer = readHeader(signed.jws)?.kid
  if (!register) return verify(signed.jws, verifiers, endpointId)
  if (verifiers.some(({ kid }) => kid === signer)) return limited(await verify(signed.jws, verifiers, endpointId), asking)
  return byOperators(signed, register, asking)
}

/** What the collector signed, where it may only protect. */
async function limited(verdict: Verdict, { riskOf, role, accuses, now }: Asking): Promise<Verdict> {
  if (verdict.kind !== 'order') return verdict
  const { order } = verdict
  const risk = riskOf(order.verb) ?? 'high'
  const isAccused = accuses?.(order.args) ?? false
  const why = whyNotByCollector(order.verb, risk, risk === 'protective' ? await role() : 'unknown', isAccused)
  if (why === undefined && order.expiresAt - now > longestOrderMs)
    return { kind: 'unfit', reason: 'it would be good for longer than 7 days', claimed: order }
  if (why === undefined) return verdict
  // An honest collector may be mistaken about a role; it never signs what isn't protective.
  return risk === 'protective' ? { kind: 'unfit', reason: why, claimed: order } : { kind: 'forged', reason: why, claimed: order }
}

async function byOperators({ jws, also = [] }: SignedOrder, register: Register, asking: Asking): Promise<Verdict> {
  const { endpointId, organisationId, riskOf, now } = asking
  const verifiers = await readyOperators(register.operators)
  const verdict = await verify(jws, verifiers, endpointId)
  if (verdict.kind !== 'order') return verdict
  const { order } = verdict
  const unfit = (reason: string): Verdict => ({ kind: 'unfit', reason, claimed: order })
  if (!isCanonicalJson(payloadOf(jws))) return unfit('what was signed is not written in the one form that can be signed')
  for (const other of also) {
    const said = await verify(other, verifiers, endpointId)
    if (said.kind !== 'order') return said
    if (payloadOf(other) !== payloadOf(jws)) return { kind: 'forged', reason: 'its signatures are not over the same bytes', claimed: order }
  }
  if (now >= order.expiresAt) return unfit('it came after its time, by this machine’s clock')
  const why = whyNotByOperators(
    { order, risk: riskOf(order.verb) ?? 'high', organisationId, now },
    signersOf([jws, ...also], register),
    register,
  )
  return why === undefined ? verdict : unfit(why)
}

/** An operator whose key can't be read signs nothing; it stops no other. */
export async function readyOperators(operators: readonly Operator[]): Promise<Verifier[]> {
  const verifiers = operators.map(async ({ kid, key }) => ({ kid, key: await importJWK(key, 'EdDSA'), verbs: ['*'] }))
  return (await Promise.allSettled(verifiers)).flatMap((made) => (made.status === 'fulfilled' ? made.value : []))
}

function signersOf(signatures: readonly string[], { operators }: Register): Operator[] {
  const kids = new Set(signatures.map((jws) => readHeader(jws)?.kid))
  return operators.filter(({ kid }) => kids.has(kid))
}

const payloadOf = (jws: string): string => Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8')
