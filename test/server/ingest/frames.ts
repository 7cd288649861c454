import type { Signal, StandingSignal } from '#shared/domain/signal.ts'
import type { Lane } from '#shared/protocol/record.ts'

/** Frames of one agent, as they come to ingest. */
export const from = { endpointId: 'endpoint-1', organisationId: 'organisation-1', siteId: null, clockBehindMs: 0 }
export const epoch = 'epoch-one'
export const frame = (lane: Lane, seq: number, ...bodies: unknown[]) => ({
  epoch,
  lane,
  records: bodies.map((body, index) => ({ seq: seq + index, body })),
})
export type Frame = ReturnType<typeof frame>
export const standing = (...signals: Signal[]) => ({
  v: 1,
  type: 'standing',
  signals: signals.map(({ state: _, ...signal }): StandingSignal => signal),
})
