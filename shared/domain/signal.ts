import { z } from 'zod'
import { Severity } from './severity.ts'

/** Dotted and open, lower case: `health.disk.full`, `security.ransomware.canary`. */
export const SignalKind = z
  .string()
  .max(100)
  .regex(/^[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+$/, 'a kind is lower-case words joined by dots, such as health.disk.full')
export type SignalKind = z.infer<typeof SignalKind>

export const SignalState = z.enum(['raised', 'cleared', 'happened'])
export type SignalState = z.infer<typeof SignalState>

export const FactValue = z.union([z.string().max(4_096), z.number(), z.boolean(), z.null(), z.array(z.string().max(1_024)).max(100)])
export const Facts = z
  .record(z.string().min(1).max(100), FactValue)
  .refine((facts) => Object.keys(facts).length <= 100, 'at most 100 facts')
export type Facts = z.infer<typeof Facts>

/** A piece of proof: text as it was found, never an instruction, never markup. */
export const Evidence = z.object({
  name: z.string().min(1).max(200),
  text: z.string().max(16_384),
})
export type Evidence = z.infer<typeof Evidence>

/** Something on an endpoint that was raised, cleared, or happened. */
export const Signal = z.object({
  /** UUIDv7, made by the agent when it sensed it. */
  id: z.string().min(8).max(64),
  kind: SignalKind,
  severity: Severity,
  state: SignalState,
  /** The same trouble twice has the same one; unique within its endpoint. */
  fingerprint: z.string().min(1).max(300),
  /** What it is about: a mount, a unit, a path, a source address. */
  about: z.string().max(1_024),
  /** One sentence for people, made by the detector; shown as text. */
  summary: z.string().max(500),
  facts: Facts,
  evidence: z.array(Evidence).max(20),
  /** Agent's clock, epoch ms. */
  sensedAt: z.number().int().nonnegative(),
  /** Which detector said it. */
  detector: z.string().max(100),
})
export type Signal = z.infer<typeof Signal>

/** A raised signal that is still true; what a `standing` record lists. */
export const StandingSignal = Signal.omit({ state: true })
export type StandingSignal = z.infer<typeof StandingSignal>

export const isSecurity = (kind: string): boolean => kind.startsWith('security.')

/** Nothing may wait for anything else. */
export const isAttack = ({ kind, severity }: Pick<Signal, 'kind' | 'severity'>): boolean => isSecurity(kind) && severity === 'critical'

/** `health.*` fits all that begins with `health.`; `*` fits everything; anything else fits itself. */
export function fitsKind(pattern: string, kind: string): boolean {
  if (pattern === '*') return true
  return pattern.endsWith('.*') ? kind.startsWith(pattern.slice(0, -1)) : kind === pattern
}
