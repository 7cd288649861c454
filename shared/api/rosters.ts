import { z } from 'zod'

const Id = z.string().max(64)
const Team = z.string().min(1).max(64)
const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time of day such as 08:00')
const TimeZone = z.string().max(100).refine(isTimeZone, 'expected a time zone such as Europe/Berlin')
const Instant = z.number().int().nonnegative()
const Somebody = z.object({ id: z.string(), name: z.string() })

/** GET /api/teams?siteId=: who works and who is on call now, in the order in which they are called; for a site, where one is named. */
export const TeamView = z.object({
  team: z.string(),
  members: z.array(Somebody),
  working: z.array(Somebody),
  /** `rota`: as planned; `team`, `admins`, `nobody`: the rota is empty now. */
  onCallBy: z.enum(['rota', 'team', 'admins', 'nobody']),
  onCall: z.array(Somebody),
  /** When somebody else is called first, as far as it is planned. */
  next: z.object({ at: z.number().int(), onCall: z.array(Somebody) }).nullable(),
})
export type TeamView = z.infer<typeof TeamView>
export const TeamList = z.object({ teams: z.array(TeamView) })

/** POST /api/shifts (power administer, staff of the provider); DELETE /api/shifts/:shift. Ends on the next day where it ends before it begins. */
export const NewShift = z.object({
  ...{ team: Team, personId: Id, from: TimeOfDay, to: TimeOfDay, timeZone: TimeZone },
  days: z.array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])).min(1),
})
/** POST /api/rotations: takes turns in the order of `people`, handed over every `everyDays`; DELETE /api/rotations/:rotation. */
export const NewRotation = z.object({
  ...{ team: Team, people: z.array(Id).min(1).max(100), startsOn: z.iso.date(), handOver: TimeOfDay, timeZone: TimeZone },
  everyDays: z.number().int().min(1).max(366).default(7),
})
/** POST /api/on-call-overrides: somebody else is on call from – until, for one site or everywhere; DELETE /api/on-call-overrides/:override. */
export const NewOverride = z.object({ team: Team, personId: Id, siteId: Id.optional(), from: Instant, until: Instant })
/** PATCH /api/people/:id: skills as routes ask for them, the teams they lead, and how many tickets they work on at once. */
export const PersonWork = z.object({
  skills: z.array(z.string().min(1).max(64)).max(100),
  leads: z.array(Team).max(50),
  wipLimit: z.number().int().min(0).max(1_000).nullable(),
})
/** POST /api/people/:id/away: their tickets go back to their queues when it begins, and their turns on call to the next. DELETE ends it. */
export const NewAbsence = z.object({ from: Instant, until: Instant })

const Planned = z.object({ id: z.string(), team: z.string() })
/** GET /api/rosters (staff of the provider): what was planned and is not over. */
export const RosterPlan = z.object({
  shifts: z.array(NewShift.omit({ personId: true }).extend({ ...Planned.shape, person: Somebody })),
  rotations: z.array(
    NewRotation.omit({ people: true }).extend({ ...Planned.shape, people: z.array(Somebody), everyDays: z.number().int() }),
  ),
  overrides: z.array(Planned.extend({ person: Somebody, site: Somebody.nullable(), from: z.number().int(), until: z.number().int() })),
  absences: z.array(z.object({ id: z.string(), person: Somebody, from: z.number().int(), until: z.number().int() })),
  /** Those who may sign in. */
  people: z.array(PersonWork.extend({ ...Somebody.shape, teams: z.array(z.string()), isAway: z.boolean() })),
})
export type RosterPlan = z.infer<typeof RosterPlan>

/** POST /api/containment/stop (power answer-ask): one click; null is the fleet, for staff of the provider. */
export const StopPress = z.object({ organisationId: Id.nullable() })
export const StopPressed = z.object({ until: z.number().int() })
/** GET /api/containment/stops: where nothing is isolated without a person now, since whom and until when. */
export const StopList = z.object({
  stops: z.array(z.object({ organisation: Somebody, until: z.number().int(), by: z.string().nullable() })),
  /** All of them: the fleet. */
  isFleet: z.boolean(),
})

export const Made = z.object({ id: z.string() })

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
