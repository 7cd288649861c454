import { z } from 'zod'
import { Severity } from '../domain/severity.ts'

/** GET /api/sigma-rules (staff of the provider). */
export const SigmaRuleQuery = z.object({
  armed: z.enum(['yes', 'no']).optional(),
  /** A part of its id or title. */
  search: z.string().min(1).max(200).optional(),
})
export type SigmaRuleQuery = z.infer<typeof SigmaRuleQuery>

export const SigmaRule = z.object({
  rule: z.string(),
  /** Of its text: another text is another rule. */
  digest: z.string(),
  title: z.string(),
  severity: Severity,
  status: z.string(),
  /** By its record; what a policy says of it goes before, and stands on each signal as `armedBy`. */
  isArmed: z.boolean(),
  /** When it was armed, disarmed, or told of. */
  since: z.number().int(),
  /** `record`: it has earned it. Otherwise what it lacks, the first of these: its status, false alarms, few hits, days on enough machines. */
  reason: z.enum(['status', 'false-alarms', 'hits', 'days', 'record']),
  /** Over the days that count, the last of them over at midnight UTC. */
  days: z.number().int(),
  /** On the last day, and how many machines watched rules at all. */
  endpoints: z.number().int(),
  ofEndpoints: z.number().int(),
  endpointDays: z.number().int(),
  hits: z.number().int(),
  falseAlarms: z.number().int(),
})
export type SigmaRule = z.infer<typeof SigmaRule>

export const SigmaRuleList = z.object({
  rules: z.array(SigmaRule),
  /** There are more rules than are answered with. */
  isCut: z.boolean(),
  needs: z.object({ days: z.number().int(), endpoints: z.number().int(), endpointDaysPerHit: z.number().int() }),
})
export type SigmaRuleList = z.infer<typeof SigmaRuleList>
