import { z } from 'zod'
import { Role } from '#shared/domain/endpoint.ts'
import { Priority } from '#shared/domain/priority.ts'
import { Severity } from '#shared/domain/severity.ts'
import { SignalState } from '#shared/domain/signal.ts'
import { Contain } from './containment.ts'
import { KindPattern, Name, oneOrMore, perRole, Tag } from './words.ts'

/** One severity, or a range. */
const SeverityRange = z
  .union([Severity, z.strictObject({ atLeast: Severity.default('info'), atMost: Severity.default('critical') })])
  .transform((value) => (typeof value === 'string' ? { atLeast: value, atMost: value } : value))

const Scalar = z.union([z.string(), z.number(), z.boolean()])
const Condition = z.strictObject({
  is: Scalar.optional(),
  oneOf: z.array(Scalar).optional(),
  atLeast: z.number().optional(),
  atMost: z.number().optional(),
})
export type FactCondition = z.infer<typeof Condition>
/** What a fact shall be: one value, or a condition. */
const FactCondition = z.union([Scalar, Condition]).transform((value): FactCondition => (typeof value === 'object' ? value : { is: value }))
const FactConditions = z.record(z.string(), FactCondition)
export type FactConditions = z.infer<typeof FactConditions>

/** Words or phrases, as whole words, in what a person wrote or a machine said; large and small letters are the same. */
const Words = oneOrMore(z.string().trim().min(2).max(100)).transform((said) => ({ said, pattern: patternOf(said) }))
export type Words = z.infer<typeof Words>

const escaped = (word: string): string => word.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

function patternOf(said: readonly string[]): RegExp {
  const phrases = said.map((phrase) => phrase.split(/\s+/).map(escaped).join('\\s+'))
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${phrases.join('|')})(?![\\p{L}\\p{N}])`, 'iu')
}

/** Who takes what: what it asks of a signal, and what becomes of one that fits. */
export const Route = z.strictObject({
  name: Name,
  kind: oneOrMore(KindPattern),
  severity: SeverityRange.optional(),
  role: z.array(Role).min(1).optional(),
  state: oneOrMore(SignalState).optional(),
  source: oneOrMore(z.enum(['agent', 'source', 'collector', 'person'])).optional(),
  /** All of these hold. */
  facts: FactConditions.optional(),
  /** Or all of one of these. */
  anyOf: z.array(FactConditions).min(1).optional(),
  /** The machine has one of these tags. */
  tags: oneOrMore(Tag).optional(),
  /** By name or id. */
  organisation: oneOrMore(z.string().min(1)).optional(),
  words: Words.optional(),
  becomes: z.enum(['ticket', 'digest', 'record']).default('ticket'),
  /** Absent: by the grid. */
  priority: perRole(Priority).optional(),
  /** Where the grid may go at most. */
  atMost: Priority.optional(),
  team: perRole(Name),
  tells: z.array(Name).default([]),
  /** Who can do it, for whoever assigns it within the team. */
  skills: z.array(Name).default([]),
  /** What to do, by its name. */
  playbook: Name.optional(),
  /** Somebody has to go there. */
  needsVisit: z.boolean().default(false),
  contain: perRole(Contain).prefault('never'),
  /** The process that the agent accuses is halted at once, whatever `contain` asks. */
  suspend: z.boolean().default(false),
  page: z.enum(['yes', 'no', 'core', 'servers', 'P1', 'plan']).default('no'),
  isUnrouted: z.boolean().default(false),
})
export type Route = z.infer<typeof Route>
