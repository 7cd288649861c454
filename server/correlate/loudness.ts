import { isSecurity } from '#shared/domain/signal.ts'
import type { Subject, TicketCase } from '../pipeline/changes.ts'
import type { Loud, Loudness } from './noisy.ts'

/** What was read of a machine before a round. */
export interface Heard extends Loudness {
  endpointId: string
}

/** How loud each machine of a round is, counted on while it is decided. */
export interface Loudest {
  of(subject: Subject, caseOf: (ticketId: string) => TicketCase | undefined): Loud | undefined
  /** A ticket that came, or came back. */
  took(work: TicketCase): void
}

/** @param cases of machines that are loud, or may be after this round. */
export function createLoudest(heard: readonly Heard[], cases: readonly TicketCase[]): Loudest {
  const loudness = new Map(heard.map(({ endpointId, ...each }) => [endpointId, each]))
  const open = new Map<string, Set<string>>()
  const know = ({ ticket: { id, endpoint_id } }: TicketCase): void => {
    if (endpoint_id === null) return
    const known = open.get(endpoint_id)
    if (known) known.add(id)
    else open.set(endpoint_id, new Set([id]))
  }
  for (const work of cases) know(work)
  const loudnessOf = (endpointId: string): Loudness => {
    const known = loudness.get(endpointId) ?? { security: 0, others: 0, signals: 0 }
    loudness.set(endpointId, known)
    return known
  }
  return {
    of({ endpoint }, caseOf) {
      if (!endpoint) return undefined
      const theirs = [...(open.get(endpoint.id) ?? [])].flatMap((id) => caseOf(id) ?? [])
      return { loudness: loudnessOf(endpoint.id), open: theirs.filter(({ ticket }) => ticket.resolved_at === null) }
    },
    took(work) {
      const { endpoint_id, kind, gathers } = work.ticket
      if (endpoint_id === null) return
      know(work)
      if (gathers === null) loudnessOf(endpoint_id)[isSecurity(kind) ? 'security' : 'others'] += 1
    },
  }
}
