import { behindOf } from './behind.ts'
import { createDayOf, type Fact, factsOf } from './facts.ts'
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

export function figuresOf(stories: readonly Story[], { from, to, by, team }: Asked): { total: Figures; groups: FigureGroup[] } {
  const dayOf = createDayOf()
  const all = [...stories.flatMap((story) => factsOf(story, dayOf)), ...behindOf(stories, to)]
  const facts = all.filter((fact) => fact.at >= from && fact.at < to && (team === undefined || fact.team === team))
  const groups = Map.groupBy(facts, (fact) => keyOf(fact, by))
  return {
    total: summed(facts),
    groups: [...groups].map(([key, theirs]) => ({ key, figures: summed(theirs) })).sort((a, b) => a.key.localeCompare(b.key)),
  }
}

function keyOf({ organisationId, team, at, timeZone }: Fact, by: GroupBy): string {
  if (by === 'organisation') return organisationId
  if (by === 'team') return team
  const day = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate()
  if (by === 'month') return day.toPlainYearMonth().toString()
  return (by === 'day' ? day : day.subtract({ days: day.dayOfWeek - 1 })).toString()
}

/** What these facts come to. */
export function summed(facts: readonly Fact[]): Figures {
  const of = <Kind extends Fact['kind']>(kind: Kind) => facts.filter((fact): fact is Extract<Fact, { kind: Kind }> => fact.kind === kind)
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
