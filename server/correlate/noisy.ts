import { comparePriority } from '#shared/domain/priority.ts'
import { isSecurity } from '#shared/domain/signal.ts'
import type { Changes, Subject, TicketCase, Trouble } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import { isGathered, mayBeGathered } from './gather.ts'

/*
 * A machine that is too loud (pure). Enters: a trouble that would open a ticket, and what is open on its machine. Leaves:
 * whether it goes on a ticket that is there, or makes the one for all that the machine says, with what it said under it.
 * Promises: nothing is lost, each signal is counted and kept, and a worse one raises the ticket it joins.
 * Meets: a broken or taken machine that makes ten thousand tickets, or hides one attack behind them: security goes under no
 * ticket for noise, and joins only what the same route brought before. A route that is new on the machine is its own ticket.
 */

/** What is open on a machine, and how much it says. */
export interface Loudness {
  /** Open tickets of security, and the others. */
  security: number
  others: number
  /** Within the last minute; counted only where it may matter, and no further than it does. */
  signals: number
}

/** One machine, as far as it was looked at: its open tickets are known where it is loud, or may be. */
export interface Loud {
  loudness: Loudness
  open: readonly TicketCase[]
}

export type Hush = { kind: 'none' } | { kind: 'joins'; into: TicketCase } | { kind: 'makes'; siblings: readonly TicketCase[] }

type Words = Pick<Matrix, 'gathering'>

export const noisyFingerprint = 'endpoint:noisy'
export const noisyKind = 'health.endpoint.noisy'

/** @param rule that took the trouble. */
export function hushed({ loudness, open }: Loud, { kind, source }: Trouble, rule: string, { gathering: { endpoint } }: Words): Hush {
  if (isSecurity(kind)) {
    const same =
      loudness.security >= endpoint.tickets
        ? open.findLast(({ ticket }) => ticket.parent_id === null && isSecurity(ticket.kind) && ticket.rule === rule)
        : undefined
    return same ? { kind: 'joins', into: same } : { kind: 'none' }
  }
  // Troubles of our own, its silence among them, are few, and about more than what the machine says.
  if (source === 'collector') return { kind: 'none' }
  const noisy = open.find(({ ticket }) => ticket.gathers === 'endpoint')
  if (noisy?.ticket.gathering === 'off') return { kind: 'none' }
  if (noisy) return { kind: 'joins', into: noisy }
  const isLoud =
    loudness.others >= endpoint.tickets || (loudness.others >= endpoint.fromTickets && loudness.signals >= endpoint.signalsPerMinute)
  return isLoud ? { kind: 'makes', siblings: open.filter((work) => goesUnder(work) && mayBeGathered(work)) } : { kind: 'none' }
}

/** People are being called for what is pressing: that goes on. */
const goesUnder = ({ ticket }: TicketCase): boolean =>
  isGathered(ticket.kind) && !isSecurity(ticket.kind) && ticket.gathers === null && comparePriority(ticket.priority, 'P3') >= 0

/** As what the one ticket of a machine is decided. */
export const noisyTrouble = ({ signalId }: Trouble, { endpoint }: Subject): Trouble => ({
  ...{ signalId, kind: noisyKind, severity: 'medium', state: 'happened', fingerprint: noisyFingerprint, source: 'collector' },
  summary: `${endpoint?.hostname ?? 'This machine'} says more than anybody can work through`,
  ...{ facts: {}, ageMs: 0, happenedAt: null, urgency: null },
})

/** More of it: the ticket ends by itself only after so much quiet. */
export const quietens = ({ ticket }: TicketCase, { gathering }: Words, now: number): Changes =>
  ticket.gathers !== 'endpoint' || ticket.touched_at !== null
    ? {}
    : { plan: [{ kind: 'quiet-clear', dueAt: now + gathering.endpoint.quiet }] }
