import type { Risk } from '../domain/command.ts'
import { days } from '../domain/time.ts'
import { mayCommand, type Operator, oldestRegisterMs } from './authority.ts'
import { type Register, signersNeeded } from './command-powers.ts'
import type { StandingOrder } from './standing-order.ts'

/*
 * Whether operators' signatures are enough for a standing order, for both ends. It outlives certificates, so these count on
 * the day it arrives; later its signers must still be in the register, and still for this verb and organisation. Whoever is
 * taken out of it takes their standing orders along. Threat: a key that was stolen, or whose owner has left; a page that
 * has a browser's key sign in a minute what runs for half a year.
 */

export interface Standing {
  order: StandingOrder
  risk: Risk
  /** Epoch ms, the latest that is known. */
  now: number
  isNew: boolean
}

/** @returns one sentence; undefined: they are enough. */
export function whyNotStanding(
  { order, risk, now, isNew }: Standing,
  signers: readonly Operator[],
  register: Register,
): string | undefined {
  const { verb, organisationId, isWithdrawn } = order
  const isOld = now - register.issuedAt > oldestRegisterMs
  if (isOld && risk !== 'protective' && !isWithdrawn)
    return 'the register of operators is more than 7 days old: until then only what protects runs'
  for (const signer of signers) {
    if (isNew && (now >= signer.expiresAt || now < signer.certifiedAt - days(1))) return `the certificate of ${signer.name} is not in force`
    if (signer.isBrowser) return `what runs by itself needs a key file of ${signer.name}, and a key in a browser signed it`
    if (!mayCommand(signer, verb, organisationId)) return `${signer.name} may not sign ${verb} for this organisation`
  }
  const needed = isWithdrawn ? 1 : signersNeeded({ risk, verb, organisationId }, register)
  const signed = Math.min(new Set(signers.map(({ name }) => name)).size, new Set(signers.map(({ kid }) => kid)).size)
  return signed < needed ? `${verb} needs the signatures of ${needed} different operators, and ${signed} signed it` : undefined
}

/** To end it one is enough: what a machine does no longer by itself, a person still may. */
export const standingSignersNeeded = ({ order, risk }: Pick<Standing, 'order' | 'risk'>, register: Pick<Register, 'operators'>): number =>
  order.isWithdrawn ? 1 : signersNeeded({ risk, ...order }, register)
