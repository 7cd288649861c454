import { z } from 'zod'
import { Severity } from './severity.ts'

/** Rules in one list: a list fits a record with room to spare. */
export const maxRulesInList = 1_000
/** Lists of one machine: five thousand rules that could fit it, which is more than the community has for any system. */
export const maxLists = 5

const digest = z.string().regex(/^[0-9a-f]{32}$/)

/** A rule that a machine's events are asked by: its id, the digest of what is written, title, level, status. */
export const WatchedRule = z.tuple([z.string().min(1).max(200), digest, z.string().max(120), Severity, z.string().max(20)])
export type WatchedRule = z.infer<typeof WatchedRule>

/** Named by the digest of its rules, so that a list is told once and thousands of machines name it. */
export const RuleList = z.object({ digest, rules: z.array(WatchedRule).min(1).max(maxRulesInList) })
export type RuleList = z.infer<typeof RuleList>

/** What a machine watches, by the names of lists; told when it changed. */
export const WatchedRules = z.object({
  /** Agent's clock, epoch ms: when its rules were read. */
  since: z.number().int(),
  lists: z.array(digest).max(maxLists),
  /** How many more rules it has. */
  leftOut: z.number().int().nonnegative(),
})
export type WatchedRules = z.infer<typeof WatchedRules>

/** One kind of signal for each rule, so that a false alarm of one says nothing of another. */
export function kindOfRule(id: string): string {
  const slug = id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 80)
  return `${ruleKinds}${slug === '' ? 'unnamed' : slug}`
}

export const ruleKinds = 'security.sigma.'

/** Statuses whose rules may speak their own level. */
export const mayBeArmed = (status: string | undefined): boolean => status === 'stable' || status === 'test'
