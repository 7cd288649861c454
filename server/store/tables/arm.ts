import type { Severity } from '#shared/domain/severity.ts'

/** Rules as machines list them, by the digest of the list. */
export interface RuleListsTable {
  digest: string
  /** JSON of WatchedRule[]. */
  body: string
  /** Who told it first. */
  endpoint_id: string
  at: number
}

/** Which lists a machine watches. */
export interface RuleWatchesTable {
  endpoint_id: string
  /** JSON list of digests. */
  lists: string
  /** How many more rules it has. */
  left_out: number
  at: number
  /** The day that is under way, counted from 1970 in UTC, and what was watched when it began. */
  began_day: number
  began_lists: string
}

/** What one rule's day was: it counts machines that watched it from the day's begin to its end. */
export interface RuleDaysTable {
  day: number
  rule: string
  digest: string
  endpoints: number
  /** How many machines watched rules at all on that day. */
  of_endpoints: number
  hits: number
}

/** A rule by its id and the digest of its text; another text is another rule, and begins anew. */
export interface WatchedRulesTable {
  rule: string
  digest: string
  /** Of its signals. */
  kind: string
  title: string
  severity: Severity
  status: string
  first_seen_at: number
  /** The last day of which something is known. */
  last_day: number
  is_armed: 0 | 1
  /** When it was armed, disarmed or came. */
  changed_at: number
  /** JSON of a Standing: why, in numbers. */
  why: string
}

export interface ArmTables {
  rule_lists: RuleListsTable
  rule_watches: RuleWatchesTable
  rule_days: RuleDaysTable
  watched_rules: WatchedRulesTable
}
