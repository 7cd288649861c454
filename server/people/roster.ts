/*
 * Who works, and who is on call, at an instant (pure). A roster is read from the store once and asked often; it holds
 * people of the provider and of one organisation at most (`rosterFor`), so that nobody hears of another's ticket, and whoever is on
 * call for one site is called for no other.
 */

export interface Member {
  id: string
  name: string
  /** null: staff of the provider. */
  organisationId: string | null
  isAdmin: boolean
  teams: readonly string[]
  /** Those that they lead. */
  leads: readonly string[]
  skills: readonly string[]
  /** How many tickets they work on at once; null: as many as there are. */
  wipLimit: number | null
}

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Weekday = (typeof weekdays)[number]

/** Every week on these days. One that ends before it begins ends on the next day. */
export interface Shift {
  team: string
  personId: string
  days: readonly Weekday[]
  /** "08:00" on the wall there. */
  from: string
  to: string
  timeZone: string
}

/** Hands over every so many days, at a time of day. */
export interface Rotation {
  team: string
  personIds: readonly string[]
  /** The day on which the first one's turn began: "2026-11-23". */
  startsOn: string
  handOver: string
  everyDays: number
  timeZone: string
}

/** Somebody else is on call, or nobody is there: from ≤ instant < until. */
export interface Span {
  personId: string
  from: number
  until: number
}
export interface Override extends Span {
  team: string
  /** Where alone it holds; absent: everywhere. */
  siteId?: string | null | undefined
}

export interface Roster {
  members: readonly Member[]
  shifts: readonly Shift[]
  rotations: readonly Rotation[]
  /** The newest first. */
  overrides: readonly Override[]
  absences: readonly Span[]
  /** The team that a team without members passes to. */
  passesTo(team: string): string | undefined
}

/** Of the ticket's organisation and of the provider, where it stands. */
export const rosterFor = (roster: Roster, organisationId: string, siteId: string | null): Roster => ({
  ...rosterAt(roster, siteId),
  members: roster.members.filter((member) => member.organisationId === null || member.organisationId === organisationId),
})

/** On a site, whoever is on call for it comes before who is everywhere; null: on none. */
export const rosterAt = (roster: Roster, siteId: string | null): Roster => {
  const [everywhere, somewhere] = [roster.overrides.filter(isEverywhere), roster.overrides.filter((override) => !isEverywhere(override))]
  return { ...roster, overrides: [...somewhere.filter((override) => override.siteId === siteId), ...everywhere] }
}

const isEverywhere = ({ siteId }: Override): boolean => siteId == null

/** The team's members, or of the team it passes to; admins are the last. */
export function membersOf(roster: Roster, team: string): Member[] {
  const asked = new Set<string>()
  for (let next: string | undefined = team; next !== undefined && !asked.has(next); next = roster.passesTo(next)) {
    asked.add(next)
    const found = roster.members.filter(({ teams }) => teams.includes(next ?? ''))
    if (found.length > 0) return found
  }
  return adminsOf(roster)
}

export const adminsOf = (roster: Roster): Member[] =>
  roster.members.filter(({ isAdmin, organisationId }) => isAdmin && organisationId === null)

export const leadsOf = (roster: Roster, team: string, at: number): Member[] =>
  roster.members.filter((member) => member.leads.includes(team) && !isAway(roster, member.id, at))

export const isAway = ({ absences }: Pick<Roster, 'absences'>, personId: string, at: number): boolean =>
  absences.some((absence) => absence.personId === personId && holds(absence, at))

const holds = ({ from, until }: Span, at: number): boolean => from <= at && at < until

/** Who of the team works now. A team that has no shifts works whenever its members are there. */
export function who(roster: Roster, team: string, at: number): Member[] {
  const present = membersOf(roster, team).filter(({ id }) => !isAway(roster, id, at))
  const shifts = roster.shifts.filter((shift) => shift.team === team)
  if (shifts.length === 0) return present
  const working = new Set(shifts.filter((shift) => covers(shift, at)).map(({ personId }) => personId))
  return present.filter(({ id }) => working.has(id))
}

/** Who is called, in order: whoever is on call, their second, … `by`: how they were found. */
export interface OnCall {
  by: 'rota' | 'team' | 'admins' | 'nobody'
  people: Member[]
}

/**
 * Overrides come before the rota, and whoever is away leaves their turn to the next. A team without a rota is on call as
 * a whole, in the order of its members. A rota that is empty now falls back to the whole team, then to the admins: `by`
 * says so, because somebody has to put that right.
 */
export function onCall(roster: Roster, team: string, at: number): OnCall {
  const present = (people: readonly Member[]): Member[] => people.filter(({ id }) => !isAway(roster, id, at))
  const named = (id: string): Member[] => roster.members.filter((member) => member.id === id)
  const overriding = roster.overrides.filter((override) => override.team === team && holds(override, at))
  const rotations = roster.rotations.filter((rotation) => rotation.team === team)
  const turns = [...overriding.map(({ personId }) => personId), ...rotations.flatMap((rotation) => inTurn(rotation, at))]
  const called = present([...new Set(turns)].flatMap(named))
  if (called.length > 0) return { by: 'rota', people: called }
  const members = present(membersOf(roster, team))
  if (members.length > 0) return { by: rotations.length === 0 ? 'rota' : 'team', people: members }
  const admins = present(adminsOf(roster))
  return { by: admins.length > 0 ? 'admins' : 'nobody', people: admins }
}

/** Whoever has the turn, then those whose turn comes next. */
function inTurn({ personIds, startsOn, handOver, everyDays, timeZone }: Rotation, at: number): string[] {
  if (personIds.length === 0) return []
  const today = localDate(at, timeZone)
  const day = instantOf(today, handOver, timeZone) <= at ? today : today.subtract({ days: 1 })
  const turn = Math.floor(Temporal.PlainDate.from(startsOn).until(day, { largestUnit: 'day' }).days / everyDays)
  const first = ((turn % personIds.length) + personIds.length) % personIds.length
  return [...personIds.slice(first), ...personIds.slice(0, first)]
}

/** Also the one that began yesterday. */
function covers({ days, from, to, timeZone }: Shift, at: number): boolean {
  const today = localDate(at, timeZone)
  return [today.subtract({ days: 1 }), today].some((date) => {
    const weekday = weekdays[date.dayOfWeek - 1]
    if (weekday === undefined || !days.includes(weekday)) return false
    const ends = to > from ? date : date.add({ days: 1 })
    return instantOf(date, from, timeZone) <= at && at < instantOf(ends, to, timeZone)
  })
}

export const localDate = (at: number, timeZone: string): Temporal.PlainDate =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate()

/** A time that the clocks skip is as long after midnight as it would have been; of one that comes twice it is the first. */
export const instantOf = (date: Temporal.PlainDate, plainTime: string, timeZone: string): number =>
  date.toZonedDateTime({ timeZone, plainTime }).epochMilliseconds
