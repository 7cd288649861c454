import { isSecurity } from '#shared/domain/signal.ts'
import type { Subject, TicketCase } from '../pipeline/changes.ts'
import { type Limits, type Loud, type Loudness, type Voice, voiceOf } from './noisy.ts'

/** What was read of a machine, or of a source that has none, before a round. */
export interface Heard extends Loudness {
  voiceId: string
}

/** How loud each machine and source of a round is, counted on while it is decided. */
export interface Loudest {
  of(from: Speaker, caseOf: (ticketId: string) => TicketCase | undefined): Loud | undefined
  /** A ticket that came, or came back. */
  took(work: TicketCase): void
}

/** Who says something, as the desk knows it. */
export interface Speaker {
  subject: Subject
  sourceId: string | null
}

const speaking = ({ subject, sourceId }: Speaker): Voice | undefined =>
  voiceOf({ endpoint_id: subject.endpoint?.id ?? null, source_id: sourceId })

/** @param cases of those that are loud, or may be after this round. */
export function createLoudest(heard: readonly Heard[], cases: readonly TicketCase[]): Loudest {
  const loudness = new Map(heard.map(({ voiceId, ...each }) => [voiceId, each]))
  const open = new Map<string, Set<string>>()
  const know = ({ ticket }: TicketCase): void => {
    const voice = voiceOf(ticket)
    if (voice) open.set(voice.id, (open.get(voice.id) ?? new Set()).add(ticket.id))
  }
  for (const work of cases) know(work)
  const loudnessOf = ({ id }: Voice): Loudness => {
    const known = loudness.get(id) ?? { security: 0, others: 0, signals: 0 }
    loudness.set(id, known)
    return known
  }
  return {
    of(from, caseOf) {
      const voice = speaking(from)
      if (!voice) return undefined
      const theirs = [...(open.get(voice.id) ?? [])].flatMap((id) => caseOf(id) ?? [])
      return { voice, loudness: loudnessOf(voice), open: theirs.filter(({ ticket }) => ticket.resolved_at === null) }
    },
    took(work) {
      const voice = voiceOf(work.ticket)
      if (!voice) return
      know(work)
      if (work.ticket.gathers === null) loudnessOf(voice)[isSecurity(work.ticket.kind) ? 'security' : 'others'] += 1
    },
  }
}

/** What is open on a machine or of a source, as it was read. */
export interface OpenOn {
  voiceId: string
  security: number
  others: number
  isNoisy: boolean
}

/** How many tickets these may open on each machine, or of each source. */
export function comingBy(openers: readonly Speaker[], by: Voice['by']): Map<string, number> {
  const coming = new Map<string, number>()
  for (const opener of openers) {
    const voice = speaking(opener)
    if (voice?.by === by) coming.set(voice.id, (coming.get(voice.id) ?? 0) + 1)
  }
  return coming
}

/** Which machines or sources of a round are loud, or may be after it (pure). */
export interface Listening {
  /** With several tickets: it matters how much they say. */
  several: readonly string[]
  /** @param signals within the last minute, of those with several tickets. */
  with(signals: ReadonlyMap<string, number>): { heard: Heard[]; loud: string[] }
}

export function listenTo(
  coming: ReadonlyMap<string, number>,
  open: readonly OpenOn[],
  limits: Pick<Limits, 'tickets' | 'fromTickets' | 'signalsPerMinute'>,
): Listening {
  const known = new Map(open.map((each) => [each.voiceId, each]))
  const soon = (id: string): number => (known.get(id)?.security ?? 0) + (known.get(id)?.others ?? 0) + (coming.get(id) ?? 0)
  const isNoisy = (id: string): boolean => known.get(id)?.isNoisy === true
  return {
    several: [...coming.keys()].filter((id) => !isNoisy(id) && soon(id) > limits.fromTickets),
    with(signals) {
      const heard = [...coming.keys()].map((voiceId) => ({
        ...{ voiceId, security: known.get(voiceId)?.security ?? 0, others: known.get(voiceId)?.others ?? 0 },
        signals: signals.get(voiceId) ?? 0,
      }))
      const isLoud = ({ voiceId: id, signals: said }: Heard): boolean =>
        isNoisy(id) || soon(id) > limits.tickets || (said >= limits.signalsPerMinute && soon(id) > limits.fromTickets)
      return { heard, loud: heard.filter(isLoud).map(({ voiceId }) => voiceId) }
    },
  }
}
