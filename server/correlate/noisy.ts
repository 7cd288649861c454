import { comparePriority } from '#shared/domain/priority.ts'
import { isSecurity } from '#shared/domain/signal.ts'
import type { Changes, Subject, TicketCase, Trouble } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import { isGathered, mayBeGathered } from './gather.ts'

/*
 * A machine that is too loud, or a source that has none: another tool, a webhook (pure). Enters: a trouble that would open a
 * ticket, and what is open of whoever says it. Leaves: whether it goes on a ticket that is there, or makes the one for all
 * that it says, with what it said under it.
 * Promises: nothing is lost, each signal is counted and kept, and a worse one raises the ticket it joins.
 * Meets: a broken or taken machine (or another tool's key in the wrong hands) that makes ten thousand tickets, or hides one
 * attack behind them: security goes under no
 * ticket for noise, and joins only what the same route brought before. A route that is new on the machine is its own ticket.
 */

/** Whose word it is. */
export interface Voice {
  by: 'endpoint_id' | 'source_id'
  id: string
}

/** undefined: our own, or a person's. */
export function voiceOf({ endpoint_id, source_id }: { endpoint_id: string | null; source_id: string | null }): Voice | undefined {
  if (endpoint_id !== null) return { by: 'endpoint_id', id: endpoint_id }
  return source_id === null ? undefined : { by: 'source_id', id: source_id }
}

export const voices = ['endpoint_id', 'source_id'] as const

/** From when on it is too loud. */
export type Limits = Matrix['gathering']['endpoint']

export const limitsOf = ({ gathering }: Pick<Matrix, 'gathering'>, by: Voice['by']): Limits =>
  by === 'endpoint_id' ? gathering.endpoint : gathering.source

/** What is open on a machine or of a source, and how much it says. */
export interface Loudness {
  /** Open tickets of security, and the others. */
  security: number
  others: number
  /** Within the last minute; counted only where it may matter, and no further than it does. */
  signals: number
}

/** One of them, as far as it was looked at: its open tickets are known where it is loud, or may be. */
export interface Loud {
  voice: Voice
  loudness: Loudness
  open: readonly TicketCase[]
}

export type Hush = { kind: 'none' } | { kind: 'joins'; into: TicketCase } | { kind: 'makes'; siblings: readonly TicketCase[] }

type Words = Pick<Matrix, 'gathering'>

export const noisyKinds = { endpoint_id: 'health.endpoint.noisy', source_id: 'health.source.noisy' } as const
const noisyFingerprints = { endpoint_id: 'endpoint:noisy', source_id: 'source:noisy' } as const

/** @param rule that took the trouble. */
export function hushed({ voice, loudness, open }: Loud, { kind, source }: Trouble, rule: string, matrix: Words): Hush {
  const limits = limitsOf(matrix, voice.by)
  if (isSecurity(kind)) {
    const same =
      loudness.security >= limits.tickets
        ? open.findLast(({ ticket }) => ticket.parent_id === null && isSecurity(ticket.kind) && ticket.rule === rule)
        : undefined
    return same ? { kind: 'joins', into: same } : { kind: 'none' }
  }
  // Troubles of our own, its silence among them, are few, and about more than what the machine says.
  if (source === 'collector') return { kind: 'none' }
  const noisy = open.find(({ ticket }) => ticket.gathers === 'endpoint')
  if (noisy?.ticket.gathering === 'off') return { kind: 'none' }
  if (noisy) return { kind: 'joins', into: noisy }
  const isLoud = loudness.others >= limits.tickets || (loudness.others >= limits.fromTickets && loudness.signals >= limits.signalsPerMinute)
  return isLoud ? { kind: 'makes', siblings: open.filter((work) => goesUnder(work) && mayBeGathered(work)) } : { kind: 'none' }
}

/** People are being called for what is pressing: that goes on. */
const goesUnder = ({ ticket }: TicketCase): boolean =>
  isGathered(ticket.kind) && !isSecurity(ticket.kind) && ticket.gathers === null && comparePriority(ticket.priority, 'P3') >= 0

/** As what the one ticket of a machine or a source is decided. */
export const noisyTrouble = ({ signalId }: Trouble, { endpoint }: Subject, { by }: Voice): Trouble => ({
  ...{ signalId, kind: noisyKinds[by], severity: 'medium', state: 'happened', fingerprint: noisyFingerprints[by], source: 'collector' },
  summary: `${endpoint?.hostname ?? 'A source of signals'} says more than anybody can work through`,
  ...{ facts: {}, ageMs: 0, happenedAt: null, urgency: null },
})

/** More of it: the ticket ends by itself only after so much quiet. */
export const quietens = ({ ticket }: TicketCase, matrix: Words, now: number): Changes =>
  ticket.gathers !== 'endpoint' || ticket.touched_at !== null
    ? {}
    : { plan: [{ kind: 'quiet-clear', dueAt: now + limitsOf(matrix, voiceOf(ticket)?.by ?? 'endpoint_id').quiet }] }
