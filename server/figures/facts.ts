import { minutes } from '#shared/domain/time.ts'
import type { LedgerEntry } from '../escalate/ledger.ts'
import { after, runningWithin, type Story, standingAfter, stretchesOf } from './story.ts'

interface Where {
  at: number
  organisationId: string
  /** Who had it then. */
  team: string
  timeZone: string
}

/** One thing that happened and is counted. */
export type Fact = Where &
  (
    | { kind: 'opened' }
    | { kind: 'response'; ms: number }
    | { kind: 'resolved'; isSameDay: boolean; isInTier1: boolean }
    | { kind: 'escalated'; reason: string }
    | { kind: 'promise'; isKept: boolean }
    | { kind: 'reopened' }
    | { kind: 'worked'; ms: number }
    | { kind: 'behind'; ms: number }
  )

/** The day that the clock on the wall shows. */
export type DayOf = (instant: number, timeZone: string) => string

export function factsOf(story: Story, dayOf: DayOf): Fact[] {
  const { organisationId, timeZone, entries } = story
  // A ticket is routed in the instant in which it opens.
  let standing = standingAfter(entries.filter(({ at }) => at === entries[0]?.at))
  const tiers = new Set<string>()
  const facts: Fact[] = []
  for (const entry of entries) {
    tiers.add(standing.tier)
    if (counted.has(entry.kind))
      facts.push(...factsIn(entry, { at: entry.at, organisationId, team: standing.team, timeZone }, story, tiers, dayOf))
    standing = after(standing, entry)
    tiers.add(standing.tier)
  }
  const all = [...facts, ...responseTo(story), ...workOn(story)]
  return isUnder(entries) ? all.filter(({ kind }) => kind === 'worked' || kind === 'escalated') : all
}

/** The ticket over it counts for it: but for what people did on it, it would be counted twice. */
const isUnder = (entries: Story['entries']): boolean =>
  entries.findLast(({ kind }) => kind === 'gathered' || kind === 'parted')?.kind === 'gathered'

const counted: ReadonlySet<LedgerEntry['kind']> = new Set([
  ...(['opened', 'reopened', 'resolved', 'escalated', 'promise-kept', 'promise-broken'] as const),
])

function factsIn(
  { kind, at, body }: LedgerEntry,
  where: Where,
  { entries, timeZone }: Story,
  tiers: ReadonlySet<string>,
  dayOf: DayOf,
): Fact[] {
  switch (kind) {
    case 'opened':
    case 'reopened':
      return [{ ...where, kind }]
    case 'resolved': {
      const isInTier1 = tiers.has('tier1') && tiers.size === 1
      return [{ ...where, kind, isSameDay: dayOf(entries[0]?.at ?? at, timeZone) === dayOf(at, timeZone), isInTier1 }]
    }
    case 'escalated':
      return [{ ...where, kind, reason: String(body.reason) }]
    case 'promise-kept':
    case 'promise-broken':
      return [{ ...where, kind: 'promise', isKept: kind === 'promise-kept' }]
    default:
      return []
  }
}

/** The first act of a person of ours, counted on the team that owed it, in the period in which the ticket opened. */
function responseTo({ organisationId, timeZone, entries }: Story): Fact[] {
  const [first] = entries
  const answer = entries.find((entry) => entry.at > (first?.at ?? 0) && isHuman(entry))
  if (!first || !answer) return []
  const { team } = standingAfter(entries.filter(({ at }) => at <= first.at))
  return [{ kind: 'response', at: first.at, organisationId, team, timeZone, ms: answer.at - first.at }]
}

const acts: readonly LedgerEntry['kind'][] = ['acknowledged', 'commented', 'waiting', 'escalated', 'resolved', 'containment-answered']

const isHuman = ({ kind, actor, body }: LedgerEntry): boolean =>
  acts.includes(kind) && actor !== 'system' && actor !== 'agent' && body.isCustomer !== true

/** Time in which somebody had it, in the hours in which promises run. */
const workOn = (story: Story): Fact[] =>
  stretchesOf(story).flatMap(({ state, team, from, to }) => {
    const ms = state === 'taken' ? runningWithin(story.ledger, from, to) : 0
    return ms === 0 ? [] : [{ kind: 'worked', at: from, organisationId: story.organisationId, timeZone: story.timeZone, team, ms }]
  })

/** No clock on any wall is off by less than a quarter of an hour, so that long it is the same day there. */
const quarterMs = minutes(15)
const maxQuarters = 10_000

/** Remembers what it has worked out, which costs more than all the rest of a fact. */
export function createDayOf(): DayOf {
  const zones = new Map<string, Map<number, string>>()
  return (instant, timeZone) => {
    const quarter = Math.floor(instant / quarterMs)
    const known = zones.get(timeZone) ?? new Map<number, string>()
    const day = known.get(quarter) ?? dayAt(quarter * quarterMs, timeZone)
    if (known.size >= maxQuarters) known.clear()
    known.set(quarter, day)
    zones.set(timeZone, known)
    return day
  }
}

const dayAt = (instant: number, timeZone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone).toPlainDate().toString()
