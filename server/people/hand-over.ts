import { instantOf, localDate, type Member, onCall, type Roster, type Rotation } from './roster.ts'

/** When somebody else is called first, and who is on call then; undefined: no change is planned (pure). */
export function handOver(roster: Roster, team: string, now: number): { at: number; people: Member[] } | undefined {
  const firstOf = (people: readonly Member[]): string | undefined => people[0]?.id
  const first = firstOf(onCall(roster, team, now).people)
  for (const at of changes(roster, team, now)) {
    const { people } = onCall(roster, team, at)
    if (firstOf(people) !== first) return { at, people }
  }
  return undefined
}

/** Each instant at which it may be another's turn, the soonest first. */
function changes({ overrides, absences, rotations }: Roster, team: string, now: number): number[] {
  const spans = [...overrides.filter((override) => override.team === team), ...absences]
  const turns = rotations.filter((rotation) => rotation.team === team).flatMap((rotation) => turnsOf(rotation, now))
  const instants = [...spans.flatMap(({ from, until }) => [from, until]), ...turns]
  return [...new Set(instants)].filter((at) => at > now).toSorted((a, b) => a - b)
}

/** One round of them: whoever is next may be away, or the same. */
function turnsOf({ personIds, startsOn, handOver, everyDays, timeZone }: Rotation, now: number): number[] {
  const start = Temporal.PlainDate.from(startsOn)
  const begun = Math.floor(start.until(localDate(now, timeZone), { largestUnit: 'day' }).days / everyDays)
  const later = Array.from({ length: personIds.length + 1 }, (_, turns) => begun + turns)
  return later.map((turns) => instantOf(start.add({ days: turns * everyDays }), handOver, timeZone))
}
