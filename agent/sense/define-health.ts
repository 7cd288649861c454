import type { z } from 'zod'
import type { Platform, Role } from '#shared/domain/endpoint.ts'
import type { HealthName, Limits } from '#shared/domain/health-limits.ts'
import type { Severity } from '#shared/domain/severity.ts'
import type { Probe } from '../host/probe.ts'
import type { Finding, Happening } from '../signal/signal.ts'
import type { SenseContext, Unsupported } from './define-detector.ts'

/**
 * A health detector is one small file: what it reads, and what it makes of that, which is pure. How long something must
 * have lasted (`lastsMinutes` of its limits), the limits themselves, what was known before, and being switched off are the
 * frame's (look.ts).
 */
export interface HealthDetector<Name extends HealthName = HealthName, Reading = unknown, State = unknown> {
  name: Name
  platforms: Platform[]
  /** Milliseconds from one look to the next. */
  every: number
  /** One sentence: what a technician does first. Stands in the facts of everything it finds. */
  runbook: string
  /** Starts a program or reads much: left out while the machine is busy or on battery, for eight looks at most. */
  isExpensive?: true
  /** What is known before the first look. */
  start: State
  /** Given when what is known must outlive a restart of the agent. */
  remembers?: z.ZodType<State>
  read(probe: Probe, context: SenseContext): Promise<Reading | Unsupported>
  decide(state: State, reading: Reading, around: Around<Limits<Name>>): Decision<State>
}

export interface Around<InForce> {
  /** Epoch ms, for what is kept over restarts. */
  now: number
  /** Milliseconds, for rates and durations. */
  monotonic: number
  role: Role
  limits: InForce
  /** How severe this already stands, so that a detector lets go later than it takes hold. */
  standing(kind: string, about: string): Severity | undefined
}

export interface Decision<State> {
  state: State
  /** Everything that is true now; what is missing clears. Undefined: this look can't tell, so nothing is raised or clears. */
  findings: Finding[] | undefined
  happened?: Omit<Happening, 'detector'>[]
}

export function defineHealth<Name extends HealthName, Reading, State>(
  detector: HealthDetector<Name, Reading, State>,
): HealthDetector<Name, Reading, State> {
  return detector
}

/** A limit as it is while something stands: a little lower, so that what is on the edge is one ticket. */
export const easedBy = (limit: number, share: number, doesStand: boolean): number => (doesStand ? limit * (1 - share) : limit)

export const rounded = (value: number, digits = 2): number => Math.round(value * 10 ** digits) / 10 ** digits
