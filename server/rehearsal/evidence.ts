import { evidenceOf } from '../command/brakes.ts'
import { askedBeforeMs, counts, type Evidenced, noEvidence } from '../pipeline/evidence.ts'
import type { SignalRow } from '../pipeline/world.ts'
import type { Around } from './rehearsed-desk.ts'

/** What the brakes of isolating ask, of signals in memory: the same that pipeline/evidence.ts reads of a store. */
export function createEvidence({ fleet, isYoung }: Pick<Around, 'fleet' | 'isYoung'>) {
  const heard = new Map<string, { kind: string; at: number }[]>()
  const kindsSince = (endpointId: string, since: number): number =>
    new Set((heard.get(endpointId) ?? []).flatMap(({ kind, at }) => (at > since ? kind : []))).size
  return {
    heard(signal: SignalRow): void {
      if (signal.endpoint_id === null || !counts(signal)) return
      const before = heard.get(signal.endpoint_id) ?? []
      heard.set(signal.endpoint_id, [...before.slice(-maxHeard), { kind: signal.kind, at: signal.received_at }])
    },
    kindsWhenAsked: (endpointId: string, now: number): number => kindsSince(endpointId, now - askedBeforeMs - evidenceOf.withinMs),
    at: (now: number): Evidenced => ({
      ...noEvidence,
      kindsOn: (endpointId) => Math.max(1, kindsSince(endpointId, now - evidenceOf.withinMs)),
      machinesAt: ({ site }) => fleet.siteSizes.get(site?.id ?? '') ?? 0,
      isYoung: (found) => isYoung?.(found as SignalRow, now) ?? false,
    }),
  }
}

/** Of one machine; more than these kinds there aren't. */
const maxHeard = 100
