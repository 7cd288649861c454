import { comparePriority, Priority } from '#shared/domain/priority.ts'
import type { Fact } from './facts.ts'
import { type Story, type Stretch, stretchesOf } from './story.ts'

/** A stretch in a queue, or the taking of one. */
type Placed = Stretch & Pick<Story, 'organisationId' | 'timeZone'>

/**
 * How long each ticket lay untaken in its team's queue after somebody of that team had taken a less pressing one that came
 * no earlier than it lay there: from that instant until it was taken, moved or ended.
 */
export function* behindInBites(stories: readonly Story[], until: number, bite: number): Generator<void, Fact[]> {
  const all: Placed[] = []
  for (const [place, story] of stories.entries()) {
    const { organisationId, timeZone } = story
    for (const stretch of stretchesOf(story)) all.push({ ...stretch, organisationId, timeZone })
    if (place % bite === 0) yield
  }
  const taken = Map.groupBy(
    all.filter(({ state }) => state === 'taken').sort((a, b) => a.from - b.from),
    ({ team }) => team,
  )
  const facts: Fact[] = []
  for (const [place, lying] of all.entries()) {
    if (place % bite === 0) yield
    if (lying.state !== 'queued') continue
    const overtaking = firstAfter(taken.get(lying.team) ?? [], lying)
    const ms = overtaking === undefined ? 0 : Math.min(lying.to, until) - overtaking.from
    const { organisationId, timeZone, team } = lying
    if (overtaking && ms > 0) facts.push({ kind: 'behind', at: overtaking.from, organisationId, timeZone, team, ms })
  }
  return facts
}

function firstAfter(taken: readonly Placed[], { from, to, priority }: Placed): Placed | undefined {
  let [low, high] = [0, taken.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((taken[middle]?.from ?? 0) < from) low = middle + 1
    else high = middle
  }
  for (let at = low; at < taken.length; at += 1) {
    const one = taken[at]
    if (!one || one.from >= to) return undefined
    if (isLess(one.priority, priority)) return one
  }
  return undefined
}

const isLess = (one: string, other: string): boolean => comparePriority(parsed(one), parsed(other)) > 0
const parsed = (priority: string): Priority => Priority.catch('P4').parse(priority)
