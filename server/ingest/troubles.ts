import type { Lane } from '#shared/protocol/record.ts'
import type { From, OwnTrouble } from './rows.ts'

/*
 * Troubles of the collector's own that ingest finds, each one condition of its endpoint: what comes again joins the
 * ticket that is open.
 */

const refusedKind = 'system.record.refused'

export function refusal(
  { organisationId, endpointId }: From,
  { raw, ...facts }: { lane: Lane; seq: number; reason: string; raw: string },
): OwnTrouble {
  const summary = 'The agent sent a record that the collector can’t accept; it was kept as it came and the rest goes on'
  const about = { kind: refusedKind, severity: 'medium', fingerprint: refusedKind, summary } as const
  return { organisationId, endpointId, ...about, facts, evidence: [{ name: 'the record as it came', text: raw }] }
}

/** Numbers and inventories may be missing; a signal never without a word. */
export const losesSignals = (lane: Lane): boolean => lane === 'security' || lane === 'signals'

/** Records `from`…`to` (both included) of this lane will never come. */
export function loss(
  { organisationId, endpointId }: From,
  { lane, from, to, why }: { lane: Lane; from: number; to: number; why: string },
): OwnTrouble {
  const kind = 'system.agent.signals-lost'
  const count = to - from + 1
  const summary = `${count === 1 ? '1 signal' : `${count} signals`} of this machine were lost before they reached the collector: look at it yourself`
  return { organisationId, endpointId, kind, severity: 'high', fingerprint: kind, summary, facts: { lane, from, to, count, why } }
}
