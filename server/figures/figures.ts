import { behindInBites } from './behind.ts'
import { createDayOf, type DayOf, type Fact, factsOf } from './facts.ts'
import type { Story } from './story.ts'

/*
 * Enters: the timelines of tickets, whole. Leaves: what a desk is measured by, in all and by organisation, team or period.
 * Promises: the timeline is the only truth; each fact counts where and when it happened: a ticket that team A took and
 * team B solved is in both, once each. Pure. On failure: nothing is kept, so nothing can be wrong tomorrow.
 * Meets: figures that look better because somebody reclassified a ticket afterwards: lines on a timeline don't change.
 */

export type GroupBy = 'organisation' | 'team' | 'day' | 'week' | 'month'

export interface Figures {
  opened: number
  resolved: number
  /** Milliseconds until a person did something on it, of tickets that opened. */
  response: { count: number; p50Ms: number | null; p90Ms: number | null; averageMs: number | null }
  /** On the day it opened, by the customer's clock. */
  sameDay: { count: number; share: number | null }
  /** Never left tier1. */
  solvedInTier1: { count: number; share: number | null }
  escalations: Record<string, number>
  promises: { kept: number; broken: number }
  reopened: number
  workedMs: number
  /** How long more pressing tickets lay while somebody of their team had taken a less pressing one. */
  waitedBehindMs: number
}

export interface FigureGroup {
  key: string
  figures: Figures
}

export interface Asked {
  from: number
  to: number
  by: GroupBy
  team?: string | undefined
}

/** So many tickets, or so many stretches of them, take a few milliseconds. */
const bite = 200

/**
 * Comes back after each bite, so that whoever counts many tickets lets others in between.
 * @param stories asked for one after the other: to count the minutes of each is most of the work.
 */
export function* figuresInBites(
  stories: Iterable<Story>,
  { from, to, by, team }: Asked,
): Generator<void, { total: Figures; groups: FigureGroup[] }> {
  const dayOf = createDayOf()
  const keyOf = createKeyOf(by, dayOf)
  const [seen, all, groups]: [Story[], Fact[], Map<string, Fact[]>] = [[], [], new Map()]
  const take = (fact: Fact): void => {
    if (fact.at < from || fact.at >= to || (team !== undefined && fact.team !== team)) return
    all.push(fact)
    const key = keyOf(fact)
    const known = groups.get(key)
    if (known) known.push(fact)
    else groups.set(key, [fact])
  }
  for (const story of stories) {
    seen.push(story)
    for (const fact of factsOf(story, dayOf)) take(fact)
    if (seen.length % bite === 0) yield
  }
  for (const fact of yield* behindInBites(seen, to, bite)) take(fact)
  const counted: FigureGroup[] = []
  for (const [key, facts] of groups) {
    counted.push({ key, figures: summed(facts) })
    yield
  }
  return { total: summed(all), groups: counted.sort((a, b) => a.key.localeCompare(b.key)) }
}

/** Each day's week and month are worked out once. */
function createKeyOf(by: GroupBy, dayOf: DayOf): (fact: Fact) => string {
  const known = new Map<string, string>()
  return ({ organisationId, team, at, timeZone }) => {
    if (by === 'organisation') return organisationId
    if (by === 'team') return team
    const day = dayOf(at, timeZone)
    if (by === 'day') return day
    const key = known.get(day) ?? periodOf(Temporal.PlainDate.from(day), by)
    known.set(day, key)
    return key
  }
}

const periodOf = (day: Temporal.PlainDate, by: 'week' | 'month'): string =>
  by === 'month' ? day.toPlainYearMonth().toString() : day.subtract({ days: day.dayOfWeek - 1 }).toString()

/** What these facts come to. */
export function summed(facts: readonly Fact[]): Figures {
  const byKind = Map.groupBy(facts, ({ kind }) => kind)
  const of = <Kind extends Fact['kind']>(kind: Kind) => (byKind.get(kind) ?? []) as Extract<Fact, { kind: Kind }>[]
  const [resolved, waits, promises] = [of('resolved'), of('response').map(({ ms }) => ms), of('promise')]
  const sameDay = resolved.filter(({ isSameDay }) => isSameDay).length
  const inTier1 = resolved.filter(({ isInTier1 }) => isInTier1).length
  const escalations: Record<string, number> = {}
  for (const { reason } of of('escalated')) escalations[reason] = (escalations[reason] ?? 0) + 1
  const kept = promises.filter(({ isKept }) => isKept).length
  return {
    opened: of('opened').length,
    resolved: resolved.length,
    response: { count: waits.length, p50Ms: rank(waits, 0.5), p90Ms: rank(waits, 0.9), averageMs: mean(waits) },
    sameDay: { count: sameDay, share: share(sameDay, resolved.length) },
    solvedInTier1: { count: inTier1, share: share(inTier1, resolved.length) },
    escalations,
    promises: { kept, broken: promises.length - kept },
    reopened: of('reopened').length,
    workedMs: of('worked').reduce((sum, { ms }) => sum + ms, 0),
    waitedBehindMs: of('behind').reduce((sum, { ms }) => sum + ms, 0),
  }
}

const share = (part: number, of: number): number | null => (of === 0 ? null : part / of)
const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : Math.round(values.reduce((sum, value) => sum + value, 0) / values.length)

/** Nearest rank. */
function rank(values: readonly number[], part: number): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? null
}
