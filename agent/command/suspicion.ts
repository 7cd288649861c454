import type { CommandOrder } from '#shared/domain/command.ts'
import type { Happening } from '../signal/signal.ts'
import type { Claimed } from './verify.ts'

/** A command that nobody who may command this machine has signed for it. */
export function forged(reason: string, claimed: Claimed | undefined): Happening {
  return {
    kind: 'security.command.forged',
    severity: 'critical',
    fingerprint: 'command.forged',
    about: claimed?.id ?? '',
    summary: `A forged command was turned away: ${reason}`.slice(0, 500),
    facts: { technique: 'T1072', reason, claimedId: claimed?.id ?? null, claimedVerb: claimed?.verb ?? null },
    detector: 'command',
  }
}

/** Usual after a reconnect; many of them are not. */
export function stale(what: 'expired' | 'repeated', order: CommandOrder, latest: number): Happening {
  return {
    kind: 'security.command.stale',
    severity: 'info',
    fingerprint: `command.stale:${what}`,
    about: order.id,
    summary: `The command ${order.verb} was ${what} and did not run`,
    facts: {
      technique: 'T1072',
      what,
      verb: order.verb,
      issuedAt: order.issuedAt,
      expiresAt: order.expiresAt,
      collectorTime: Math.floor(latest),
    },
    detector: 'command',
  }
}
