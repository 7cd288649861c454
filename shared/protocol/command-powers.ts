import type { CommandOrder, Risk } from '../domain/command.ts'
import type { Role } from '../domain/endpoint.ts'
import { days } from '../domain/time.ts'
import { mayBear, mayCommand, type Operator, oldestRegisterMs } from './authority.ts'

/*
 * Whose signature a command needs, for both ends: the agent enforces it, the collector asks for it beforehand.
 * Threat: whoever runs the collector. With its key they protect machines, and do nothing else.
 */

/** Cutting one of these off may harm more than what it is cut off from. Whose role nobody knows may be one. */
const isVital = (role: Role): boolean => role === 'core' || role === 'unknown'

/** Freezing what the agent itself accused protects, and so does letting it go on. */
const ofAccused: ReadonlySet<string> = new Set(['suspend-process', 'resume-process'])

/** Why the collector's own key is not enough; undefined: it is. @param isAccused the agent itself has accused this process. */
export function whyNotByCollector(verb: string, risk: Risk, role: Role, isAccused = false): string | undefined {
  if (isAccused && ofAccused.has(verb)) return undefined
  if (risk !== 'protective') return `${verb} is more than protective: it needs an operator’s signature, and only the collector signed it`
  if (verb === 'isolate-host' && isVital(role))
    return `isolating needs an operator’s signature on ${role === 'core' ? 'a core machine' : 'a machine whose role is not known'}, and only the collector signed it`
  return undefined
}

export interface Register {
  operators: readonly Operator[]
  issuedAt: number
}

export interface Asked {
  order: Pick<CommandOrder, 'verb' | 'issuedAt' | 'expiresAt'>
  risk: Risk
  organisationId: string
  /** Epoch ms, the latest that is known. */
  now: number
}

/** No operator's order lives longer, whatever it says. */
export const longestOrderMs = days(7)

/** Why these operators' signatures are not enough; undefined: they are. @param signers each signed the very bytes. */
export function whyNotByOperators(asked: Asked, signers: readonly Operator[], register: Register): string | undefined {
  const why = whyNotTheirs(asked, signers, register)
  if (why !== undefined) return why
  const { order, risk, organisationId } = asked
  const needed = signersNeeded({ risk, verb: order.verb, organisationId }, register)
  const signed = distinct(signers)
  return signed < needed ? `${order.verb} needs the signatures of ${needed} different operators, and ${signed} signed it` : undefined
}

/** Why one of them counts for nothing here, whatever their number, which may still grow. */
export function whyNotTheirs(
  { order, risk, organisationId, now }: Asked,
  signers: readonly Operator[],
  register: Register,
): string | undefined {
  const { verb } = order
  if (now - register.issuedAt > oldestRegisterMs)
    return `the register of operators is ${Math.floor((now - register.issuedAt) / days(1))} days old; after 7 days only protective commands run`
  if (order.expiresAt - order.issuedAt > longestOrderMs) return 'it would be good for longer than 7 days'
  for (const signer of signers) {
    if (now >= signer.expiresAt || now < signer.certifiedAt - days(1)) return `the certificate of ${signer.name} is not in force`
    if (!mayCommand(signer, verb, organisationId)) return `${signer.name} may not sign ${verb} for this organisation`
    if (!mayBear(signer, risk)) return `${verb} is of high risk: it needs a key file of ${signer.name}, and a key in a browser signed it`
  }
  return undefined
}

/** Two for what is risky, where there are two; an operator whose certificate has lapsed still counts, or waiting would halve the need. */
export function signersNeeded(
  { risk, verb, organisationId }: { risk: Risk; verb: string; organisationId: string },
  { operators }: Pick<Register, 'operators'>,
): number {
  if (risk !== 'high') return 1
  return Math.max(1, Math.min(2, distinct(operators.filter((each) => mayBear(each, risk) && mayCommand(each, verb, organisationId)))))
}

/** By name and by key: one person with two keys is one, and so is one key under two names. */
const distinct = (operators: readonly Operator[]): number =>
  Math.min(new Set(operators.map(({ name }) => name)).size, new Set(operators.map(({ kid }) => kid)).size)
