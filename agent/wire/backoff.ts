import { minutes, seconds } from '#shared/domain/time.ts'
import { maxRedialMs } from '#shared/protocol/limits.ts'

export interface Backoff {
  baseMs: number
  maxMs: number
}

/**
 * First tries come soon, since a collector restarts in seconds. Each waits 8 to 30 s in a long outage: 10,000 agents are
 * then some 500 refused connections a second, and once it stands, a handshake each over 22 s.
 */
export const ordinary: Backoff = { baseMs: seconds(1), maxMs: maxRedialMs }

/** For a refusal that only a person can lift: a revoked certificate, an unknown endpoint. */
export const refusedForGood: Backoff = { baseMs: minutes(10), maxMs: minutes(60) }

/**
 * How long to wait before try number `attempt` (0 is the first after a loss): exponential, spread evenly over the upper
 * three quarters of the step so that a fleet that lost its collector at once does not come back at once.
 * @param random 0 ≤ random < 1
 */
export function backoffMs(attempt: number, random: number, { baseMs, maxMs }: Backoff = ordinary): number {
  const stepMs = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30))
  return Math.ceil(stepMs * (0.25 + 0.75 * random))
}
