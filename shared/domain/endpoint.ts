import { z } from 'zod'
import { days } from './time.ts'

export const Platform = z.enum(['linux', 'macos', 'windows'])
export type Platform = z.infer<typeof Platform>

/** What a machine is for, found by facts; `unknown` counts as a server for priority and as core for containment. */
export const Role = z.enum(['workstation', 'server', 'core', 'unknown'])
export type Role = z.infer<typeof Role>

/** What a person calls a machine, for the matrix to look at: `pos`, `payroll`. */
export const Tag = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'a tag is lower-case letters, digits and hyphens, such as payroll')
export const maxTags = 20
/** A machine with one of these is a core machine, whatever its agent finds. */
export const coreTags: readonly string[] = ['core', 'pos', 'payroll', 'medical', 'production']

/** A workstation that nothing was heard of for so long is on the monthly list of missing machines. */
export const missingAfterMs = days(30)

/** What the collector wants of an endpoint's network. */
export const DesiredIsolation = z.enum(['open', 'isolated'])
export type DesiredIsolation = z.infer<typeof DesiredIsolation>

/**
 * What the endpoint itself says is true. `isolated` is said only with proof; `unproven`: the rules stand, and nothing answered before
 * whose silence would prove it; `ineffective`: they stand, and something else is reached all the same; `drifted`: somebody changed
 * them, they are being put back; `refused`: nothing was touched; `failed`: they could not be put, or not be taken away.
 */
export const ActualIsolation = z.enum([
  ...(['open', 'isolating', 'isolated', 'releasing', 'failed'] as const),
  ...(['unproven', 'ineffective', 'drifted', 'refused'] as const),
])
export type ActualIsolation = z.infer<typeof ActualIsolation>

/** The rules stand, or are on their way: it is cut off as far as its agent can see to it. */
export const isClosed = (actual: ActualIsolation): boolean =>
  ['isolating', 'unproven', 'isolated', 'ineffective', 'drifted'].includes(actual)

/** Whether this agent could isolate at all; `reason` is one sentence for the console. */
export const IsolationReadiness = z.object({
  isReady: z.boolean(),
  /** For instance "off (local trial)" or "this agent does not run as root". */
  reason: z.string().max(300).optional(),
  /** It could, and this would be missing from it; one sentence each. */
  gaps: z.array(z.string().max(300)).max(5).optional(),
})
export type IsolationReadiness = z.infer<typeof IsolationReadiness>

export const IsolationStatus = z.object({
  actual: ActualIsolation,
  readiness: IsolationReadiness,
  /** Epoch ms since when `actual` holds. */
  since: z.number().int(),
  /** The command that brought it about. */
  commandId: z.string().max(64).optional(),
  /** Of this machine's isolations, as its screen shows it: a release code is bound to it. */
  number: z.number().int().nonnegative().optional(),
  /** What was tried and seen: the collector answered, something else did not. */
  proof: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  detail: z.string().max(1_000).optional(),
})
export type IsolationStatus = z.infer<typeof IsolationStatus>

/** Why an agent went silent on purpose. */
export const GoodbyeReason = z.enum(['shutdown', 'reboot', 'sleep', 'update', 'stop'])
export type GoodbyeReason = z.infer<typeof GoodbyeReason>
