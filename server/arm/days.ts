import { type Kysely, type SqlBool, sql } from 'kysely'
import { days } from '#shared/domain/time.ts'
import { kindOfRule, type WatchedRule } from '#shared/domain/watched-rules.ts'
import type { Database } from '../store/schema.ts'
import type { RuleDaysTable } from '../store/tables/arm.ts'

/** Days of UTC since 1970. */
export const dayOf = (instant: number): number => Math.floor(instant / days(1))

/** A day that is over: on how many machines each rule was watched all through it, and how often it fitted. */
export interface CountedDays {
  rows: RuleDaysTable[]
  /** As most machines have it: title, level and status of each rule. */
  about: Map<string, WatchedRule>
}

export const keyOfRule = (rule: string, digest: string): string => `${digest} ${rule}`

/** undefined: no day is over since it was last counted. */
export async function countDays(reader: Kysely<Database>, today: number): Promise<CountedDays | undefined> {
  const isOver = await reader.selectFrom('rule_watches').select('began_day').where('began_day', '<', today).limit(1).executeTakeFirst()
  if (!isOver) return undefined
  const crowds = await crowdsOf(reader, today)
  const lists = await listsOf(reader, [...new Set(crowds.flatMap(({ lists: [began, now] }) => [...began, ...now]))])
  const about = new Map<string, WatchedRule>()
  const rows: RuleDaysTable[] = []
  for (const [day, theirs] of Map.groupBy(crowds, (crowd) => crowd.day)) {
    const hits = await hitsOf(reader, day)
    const machines = theirs.reduce((sum, { count }) => sum + count, 0)
    const counts = new Map<string, number>()
    // The largest crowd last, so that its word stands.
    for (const { lists: names, count } of theirs.toSorted((a, b) => a.count - b.count)) {
      for (const [key, rule] of watchedThrough(names, lists)) {
        counts.set(key, (counts.get(key) ?? 0) + count)
        about.set(key, rule)
      }
    }
    for (const [key, endpoints] of counts) {
      const [rule = '', digest = ''] = about.get(key) ?? []
      rows.push({ day, rule, digest, endpoints, of_endpoints: machines, hits: hits.get(kindOfRule(rule)) ?? 0 })
    }
  }
  return { rows, about }
}

interface Crowd {
  day: number
  /** What was watched when the day began, and what is now. */
  lists: [string[], string[]]
  count: number
}

/** Machines that were there on the day, by what they watched: dozens of crowds, whatever the fleet's size. */
async function crowdsOf(reader: Kysely<Database>, today: number): Promise<Crowd[]> {
  const rows = await reader
    .selectFrom('rule_watches')
    .innerJoin('endpoints', 'endpoints.id', 'rule_watches.endpoint_id')
    .innerJoin('presences', 'presences.endpoint_id', 'rule_watches.endpoint_id')
    .select(({ fn }) => ['began_day', 'began_lists', 'lists', fn.countAll<number>().as('count')])
    .where('began_day', '<', today)
    .where('began_lists', '!=', '[]')
    .where('endpoints.removed_at', 'is', null)
    .where(
      sql<SqlBool>`(presences.is_connected = 1 or presences.last_heard_at >= cast(rule_watches.began_day as bigint) * ${sql.lit(days(1))})`,
    )
    .groupBy(['began_day', 'began_lists', 'lists'])
    .execute()
  const read = (text: string): string[] => JSON.parse(text) as string[]
  return rows.map(({ began_day, began_lists, lists, count }) => ({
    ...{ day: began_day, lists: [read(began_lists), read(lists)], count: Number(count) },
  }))
}

async function listsOf(reader: Kysely<Database>, digests: readonly string[]): Promise<Map<string, WatchedRule[]>> {
  const rows = await reader
    .selectFrom('rule_lists')
    .select(['digest', 'body'])
    .where('digest', 'in', [...digests, ''])
    .execute()
  return new Map(rows.map(({ digest, body }) => [digest, JSON.parse(body) as WatchedRule[]]))
}

/** Rules that stand in both: what came or went meanwhile was not watched all through. */
function watchedThrough([began, now]: Crowd['lists'], lists: ReadonlyMap<string, WatchedRule[]>): Map<string, WatchedRule> {
  const rulesIn = (names: readonly string[]) =>
    new Map(names.flatMap((name) => lists.get(name) ?? []).map((rule): [string, WatchedRule] => [keyOfRule(rule[0], rule[1]), rule]))
  const [before, after] = [rulesIn(began), rulesIn(now)]
  return new Map([...after].filter(([key]) => before.has(key)))
}

async function hitsOf(reader: Kysely<Database>, day: number): Promise<Map<string, number>> {
  const rows = await reader
    .selectFrom('signals')
    .select(({ fn }) => ['kind', fn.countAll<number>().as('hits')])
    .where(sql<SqlBool>`substr(kind, 1, 15) = 'security.sigma.'`)
    .where('received_at', '>=', days(day))
    .where('received_at', '<', days(day + 1))
    .groupBy('kind')
    .execute()
  return new Map(rows.map(({ kind, hits }) => [kind, Number(hits)]))
}
