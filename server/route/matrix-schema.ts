import { z } from 'zod'
import { Power } from '#shared/api/session.ts'
import { Role } from '#shared/domain/endpoint.ts'
import { Impact, Priority, Urgency } from '#shared/domain/priority.ts'
import { Severity } from '#shared/domain/severity.ts'
import { SignalState } from '#shared/domain/signal.ts'
import { Tier } from '#shared/domain/tier.ts'

/*
 * The shape of a matrix document. What is short in YAML ("15m", "ask 3m, then isolate", one value for every role) is
 * written out here, so that the stages meet one form only.
 */

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** "15m" → milliseconds. */
const Duration = z.string().transform((text, context) => {
  const match = /^(\d{1,6})\s*([smhd])$/.exec(text)
  if (!match) return refuse(context, `"${text}" is no duration; write 30s, 15m, 4h or 7d`)
  return Number(match[1]) * unitMs[match[2] as keyof typeof unitMs]
})

const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time of day such as 08:00')
const Name = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'expected a name in lower case, such as tier1')
const KindPattern = z
  .string()
  .regex(/^(\*|[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)*(\.\*)?)$/, 'expected a kind, a beginning such as network.*, or *')

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** One value, or one per role. */
const perRole = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess(
    (value) => (isObject(value) ? value : { workstation: value, server: value, core: value }),
    z.strictObject({ workstation: schema, server: schema, core: schema }),
  )

const oneOrMore = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(schema).min(1))

const SeverityRange = z.preprocess(
  (value) => (isObject(value) ? value : { atLeast: value, atMost: value }),
  z.strictObject({ atLeast: Severity.default('info'), atMost: Severity.default('critical') }),
)

const Scalar = z.union([z.string(), z.number(), z.boolean()])
const FactCondition = z.preprocess(
  (value) => (isObject(value) ? value : { is: value }),
  z.strictObject({
    is: Scalar.optional(),
    oneOf: z.array(Scalar).optional(),
    atLeast: z.number().optional(),
    atMost: z.number().optional(),
  }),
)
export type FactCondition = z.infer<typeof FactCondition>
const FactConditions = z.record(z.string(), FactCondition)
export type FactConditions = z.infer<typeof FactConditions>

export type Contain = { kind: 'never' } | { kind: 'auto' } | { kind: 'ask'; waitMs: number | null; otherwise: 'isolate' | 'leave' }

const Contain = z.string().transform((text, context): Contain => {
  if (text === 'never' || text === 'auto') return { kind: text }
  if (text === 'ask, then leave') return { kind: 'ask', waitMs: null, otherwise: 'leave' }
  const match = /^ask (\d{1,6})([smhd]), then isolate$/.exec(text)
  if (match) return { kind: 'ask', waitMs: Number(match[1]) * unitMs[match[2] as keyof typeof unitMs], otherwise: 'isolate' }
  return refuse(context, `"${text}" is no containment; write auto, never, "ask, then leave" or "ask 3m, then isolate"`)
})

const GrantedPower = z.string().transform((text, context) => {
  const [power, role] = text.split(' on ')
  const parsed = z.object({ power: Power, role: Role.optional() }).safeParse({ power, role })
  return parsed.success
    ? parsed.data
    : refuse(context, `"${text}" is no power; write one of ${Power.options.join(', ')}, or "answer-ask on workstation"`)
})

const Calendar = z.union([
  z.literal('always'),
  z.strictObject({
    days: z.array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])).min(1),
    from: TimeOfDay,
    to: TimeOfDay,
    holidays: z.array(z.iso.date()).default([]),
  }),
])
export type CalendarHours = z.infer<typeof Calendar>

const Promised = z.union([
  z.literal('digest'),
  z.strictObject({ respond: Duration, resolve: Duration.optional(), calendar: Name, whenPaged: Name.optional() }),
])
export type Promised = Exclude<z.infer<typeof Promised>, 'digest'>
const Promises = z.record(Priority, Promised)

const TimeBox = z.strictObject({ box: Duration, from: z.enum(['arrival', 'work']), to: Name })
export type TimeBox = z.infer<typeof TimeBox>

const Limit = z.strictObject({ machines: z.number().int().positive(), within: Duration })

export const Route = z.strictObject({
  name: Name,
  kind: oneOrMore(KindPattern),
  severity: SeverityRange.optional(),
  role: z.array(Role).min(1).optional(),
  state: oneOrMore(SignalState).optional(),
  source: oneOrMore(z.enum(['agent', 'source', 'collector', 'person'])).optional(),
  /** All of these hold. */
  facts: FactConditions.optional(),
  /** Or all of one of these. */
  anyOf: z.array(FactConditions).min(1).optional(),
  becomes: z.enum(['ticket', 'digest', 'record']).default('ticket'),
  /** Absent: by the grid. */
  priority: perRole(Priority).optional(),
  /** Where the grid may go at most. */
  atMost: Priority.optional(),
  team: perRole(Name),
  tells: z.array(Name).default([]),
  contain: perRole(Contain).default({ workstation: { kind: 'never' }, server: { kind: 'never' }, core: { kind: 'never' } }),
  page: z.enum(['yes', 'no', 'core', 'servers', 'P1', 'plan']).default('no'),
  isUnrouted: z.boolean().default(false),
})
export type Route = z.infer<typeof Route>

export const MatrixDocument = z.strictObject({
  calendars: z.record(Name, Calendar),
  teams: z.record(Name, z.strictObject({ tier: Tier, powers: z.array(GrantedPower), passesTo: Name.optional() })),
  impact: z.strictObject({
    byRole: z.strictObject({ workstation: Impact, server: Impact, core: Impact }),
    ofSecurityAtLeast: z.partialRecord(Severity, Impact),
  }),
  urgency: z.record(Severity, Urgency),
  grid: z.record(Impact, z.record(Urgency, Priority)),
  promises: z.strictObject({ plans: z.record(Name, Promises), teams: z.record(Name, Promises) }),
  timeBoxes: z.record(Name, z.partialRecord(Priority, TimeBox)),
  review: z.record(Priority, Duration),
  quiet: z.strictObject({ otherwise: Duration, kinds: z.record(KindPattern, Duration) }),
  reopens: z.strictObject({ otherwise: Duration, security: Duration }),
  late: z.strictObject({ pagesUntil: Duration, opensUntil: Duration }),
  digest: z.strictObject({ at: TimeOfDay }),
  containment: z.strictObject({ site: Limit, organisation: Limit, lateAfter: Duration, beyond: perRole(Contain) }),
  modes: z.record(z.enum(['observe', 'live']), z.strictObject({ isolatesAlone: z.boolean(), pagesHealth: z.boolean() })),
  routes: z.array(Route).min(1),
})
export type MatrixDocument = z.infer<typeof MatrixDocument>

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message })
  return z.NEVER
}
