import { isSecurity } from '#shared/domain/signal.ts'
import type { Subject, TicketCase } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
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

/** What is open on a machine, as it was read. */
export interface OpenOn {
  endpointId: string
  security: number
  others: number
  isNoisy: boolean
}

/** How many tickets these may open on each machine. */
export function comingOn(openers: readonly { subject: Subject }[]): Map<string, number> {
  const coming = new Map<string, number>()
  for (const { subject } of openers) if (subject.endpoint) coming.set(subject.endpoint.id, (coming.get(subject.endpoint.id) ?? 0) + 1)
  return coming
}

/** Which machines of a round are loud, or may be after it (pure). */
export interface Listening {
  /** With several tickets: it matters how much they say. */
  several: readonly string[]
  /** @param signals within the last minute, of those with several tickets. */
  with(signals: ReadonlyMap<string, number>): { heard: Heard[]; loud: string[] }
}

export function listenTo(
  coming: ReadonlyMap<string, number>,
  open: readonly OpenOn[],
  { gathering: { endpoint } }: Pick<Matrix, 'gathering'>,
): Listening {
  const known = new Map(open.map((each) => [each.endpointId, each]))
  const soon = (id: string): number => (known.get(id)?.security ?? 0) + (known.get(id)?.others ?? 0) + (coming.get(id) ?? 0)
  const isNoisy = (id: string): boolean => known.get(id)?.isNoisy === true
  return {
    several: [...coming.keys()].filter((id) => !isNoisy(id) && soon(id) > endpoint.fromTickets),
    with(signals) {
      const heard = [...coming.keys()].map((endpointId) => ({
        ...{ endpointId, security: known.get(endpointId)?.security ?? 0, others: known.get(endpointId)?.others ?? 0 },
        signals: signals.get(endpointId) ?? 0,
      }))
      const isLoud = ({ endpointId: id, signals: said }: Heard): boolean =>
        isNoisy(id) || soon(id) > endpoint.tickets || (said >= endpoint.signalsPerMinute && soon(id) > endpoint.fromTickets)
      return { heard, loud: heard.filter(isLoud).map(({ endpointId }) => endpointId) }
    },
  }
}
