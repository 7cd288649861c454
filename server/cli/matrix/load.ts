import { z } from 'zod'
import { Urgency } from '#shared/domain/priority.ts'
import { Severity } from '#shared/domain/severity.ts'
import { Facts, SignalKind } from '#shared/domain/signal.ts'
import { Tier } from '#shared/domain/tier.ts'
import { weekdays } from '../../people/roster.ts'
import { isTimeZone } from '../../route/sections/calendars.ts'
import { Duration, Name, oneOrMore, TimeOfDay } from '../../route/sections/words.ts'
import type { Crew, Load } from '../../simulate/load.ts'

/*
 * The load of a desk, as somebody describes it: what comes in, by the hour; what it takes; who is there. The one that
 * ships (server/simulate/default-load.yaml) explains its words.
 */

const count = (max: number) => z.number().int().min(0).max(max)
const Weight = z.number().min(0).max(1_000_000)
const Share = z.number().min(0).max(1)
const Weekday = z.enum(weekdays)

const Chance = z.strictObject({ share: Share, mean: Duration })

const Sort = z.strictObject({
  share: Weight,
  from: z.enum(['person', 'agent']).default('agent'),
  kind: SignalKind.default('request.desk'),
  severity: Severity.default('medium'),
  urgency: Urgency.default('medium'),
  role: z.enum(['workstation', 'server', 'core']).default('workstation'),
  summary: z.string().min(1).max(200).default('Something is wrong'),
  facts: Facts.default({}),
  needs: z.partialRecord(Tier, Weight).default({}),
  waits: Chance.optional(),
  clears: Chance.optional(),
})

const Wall = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/, 'expected an instant such as 2026-11-25T10:00')

const Storm = z.strictObject({
  at: Wall,
  alerts: count(1_000_000).min(1),
  within: Duration,
  organisations: count(100_000).min(1),
  machines: count(1_000_000).min(1),
  kind: SignalKind,
  severity: Severity,
  summary: z.string().min(1).max(200).default('It is everywhere'),
  facts: Facts.default({}),
})

const Effort = z.union([
  Duration.transform((mean) => ({ mean, spread: 'exponential' as const })),
  z.strictObject({ mean: Duration, spread: z.enum(['exponential', 'constant']).default('exponential') }),
])

const CrewRow = z.strictObject({
  teams: oneOrMore(Name),
  people: count(10_000).min(1),
  days: z
    .array(Weekday)
    .min(1)
    .default([...weekdays]),
  from: TimeOfDay.default('00:00'),
  to: z.union([TimeOfDay, z.literal('24:00')]).default('24:00'),
  solves: z.array(Tier).min(1).optional(),
  onCall: z.boolean().default(false),
})

const hours = Array.from({ length: 24 }, () => 1)
const byHour = z
  .array(Weight)
  .length(24, 'expected a weight for each of the 24 hours')
  .refine((weights) => weights.some((weight) => weight > 0), 'one hour must have a weight')

const Fleet = z
  .strictObject({
    organisations: count(100_000).min(1).default(1),
    workstations: count(1_000_000).default(100),
    servers: count(1_000_000).default(10),
    core: count(1_000_000).default(2),
    plan: z.string().default('standard'),
    mode: z.enum(['observe', 'live']).default('live'),
  })
  .refine(({ workstations, servers, core }) => workstations + servers + core > 0, 'a fleet has machines')

export const LoadDocument = z.strictObject({
  timeZone: z.string().refine(isTimeZone, 'nobody knows this time zone; write one such as Europe/Berlin').default('UTC'),
  startsOn: z.iso.date().default('2026-11-23'),
  fleet: Fleet.prefault({}),
  arrivals: z.strictObject({
    perDay: z.number().positive().max(1_000_000),
    byDay: z
      .partialRecord(Weekday, Weight)
      .default({})
      .transform((given) => ({ mon: 1, tue: 1, wed: 1, thu: 1, fri: 1, sat: 1, sun: 1, ...given })),
    byHour: byHour.default(hours),
  }),
  mix: z
    .array(Sort)
    .min(1)
    .refine((sorts) => sorts.some(({ share }) => share > 0), 'one sort must have a share'),
  storms: z.array(Storm).max(100).default([]),
  work: z.partialRecord(Tier, Effort),
  notices: Duration.prefault('0s'),
  /** The first is played where none is named. */
  staffings: z.record(Name, z.array(CrewRow).min(1)).refine((named) => Object.keys(named).length > 0, 'at least one staffing'),
})
export type LoadDocument = z.infer<typeof LoadDocument>

/** What the simulator asks of it. */
export const loadOf = ({ staffings: _, mix, ...load }: LoadDocument): Load => ({
  ...load,
  mix: mix.map((sort) => ({ ...sort, waits: sort.waits, clears: sort.clears })),
})

export const crewsOf = (document: LoadDocument, name: string): Crew[] | undefined =>
  Object.hasOwn(document.staffings, name) ? document.staffings[name]?.map((crew) => ({ ...crew, solves: crew.solves })) : undefined
