import { z } from 'zod'

/** What the agent saw. The words are OCSF's and Sigma's, from least to worst. */
export const Severity = z.enum(['info', 'low', 'medium', 'high', 'critical'])
export type Severity = z.infer<typeof Severity>

/** Negative when `a` is milder than `b`; for sorting and for "at least". */
export function compareSeverity(a: Severity, b: Severity): number {
  return Severity.options.indexOf(a) - Severity.options.indexOf(b)
}
