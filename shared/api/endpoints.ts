import { z } from 'zod'
import { FoundOutcome } from '../domain/command.ts'
import { ActualIsolation, DesiredIsolation, GoodbyeReason, maxTags, Platform, Role, Tag } from '../domain/endpoint.ts'
import { Inventory } from '../domain/inventory.ts'
import { NeighboursView } from '../domain/neighbours.ts'
import { steps } from '../domain/rollup.ts'
import { Sample } from '../domain/sample.ts'
import { Lane } from '../protocol/record.ts'
import { newestFirst } from './page.ts'

const Named = z.object({ id: z.string(), name: z.string() })

/**
 * `actual`, in the words that people read: `applying` and `releasing` also while the order runs and the machine has not said more,
 * `released` where it is open and was isolated before.
 */
export const IsolationState = z.enum([
  ...(['open', 'applying', 'unproven', 'isolated', 'ineffective'] as const),
  ...(['drifted', 'releasing', 'released', 'refused', 'failed'] as const),
])
export type IsolationState = z.infer<typeof IsolationState>

/** Desired and actual are two facts; both are shown. */
export const IsolationView = z.object({
  desired: DesiredIsolation,
  desiredAt: z.number().int().nullable(),
  actual: ActualIsolation,
  state: IsolationState,
  actualAt: z.number().int().nullable(),
  /** Whether it could be isolated, as it said last; it looks every hour. */
  isReady: z.boolean(),
  /** Why it couldn't be; null: it could. */
  notReady: z.string().nullable(),
  /** What an isolation of it would lack. */
  gaps: z.array(z.string()),
  detail: z.string(),
  proof: z.record(z.string(), z.unknown()).nullable(),
  /** Of its isolations, as the machine's screen shows it; a release code is made for it. */
  number: z.number().int().nullable(),
  /** What other agents of its site say of it: a third fact. null: nobody was asked. */
  neighbours: NeighboursView.nullable(),
  /** How many agents of its site ask it now and then whether it answers: those who could confirm that it is cut off. */
  keptBy: z.number().int(),
})
export type IsolationView = z.infer<typeof IsolationView>

export const EndpointSummary = z.object({
  id: z.string(),
  hostname: z.string(),
  organisation: Named,
  site: Named.nullable(),
  platform: Platform,
  role: Role,
  /** `person`: confirmed; `facts`: found by the agent; `unknown`: not said yet. */
  roleSource: z.enum(['person', 'facts', 'unknown']),
  tags: z.array(z.string()),
  isConnected: z.boolean(),
  lastHeardAt: z.number().int().nullable(),
  goodbye: GoodbyeReason.nullable(),
  agentVersion: z.string().nullable(),
  openTickets: z.number().int(),
  isolation: IsolationView,
})
export type EndpointSummary = z.infer<typeof EndpointSummary>

const CommandSummary = z.object({
  id: z.string(),
  verb: z.string(),
  status: z.string(),
  requestedBy: z.string(),
  reason: z.string(),
  requestedAt: z.number().int(),
  sentAt: z.number().int().nullable(),
  deliveredAt: z.number().int().nullable(),
  runningAt: z.number().int().nullable(),
  settledAt: z.number().int().nullable(),
  detail: z.string().nullable(),
  /** What somebody found out, where its outcome is unknown. */
  found: z.object({ outcome: FoundOutcome, note: z.string() }).nullable(),
})

/** GET /api/endpoints/:id/commands: what was ever asked of the machine, the newest first. */
export const CommandQuery = z.object(newestFirst(50))
export const CommandList = z.object({ commands: z.array(CommandSummary), hasMore: z.boolean() })
export type CommandList = z.infer<typeof CommandList>

/** GET /api/endpoints/:id */
export const EndpointDetail = EndpointSummary.extend({
  enrolledAt: z.number().int(),
  removedAt: z.number().int().nullable(),
  certificateExpiresAt: z.number().int().nullable(),
  inventory: Inventory.nullable(),
  inventoryAt: z.number().int().nullable(),
  /** Whose keys open its sealed release secret; empty: nobody's. */
  releasableBy: z.array(z.string()),
  /** Records that never come, by the agent's own word: the newest, at most 100. */
  gaps: z.array(
    z.object({
      lane: Lane,
      fromSeq: z.number().int(),
      toSeq: z.number().int(),
      /** How many there were. */
      count: z.number().int(),
      why: z.string(),
      noticedAt: z.number().int(),
    }),
  ),
  /** Records that came and could not be accepted, as they came (their beginning): the newest, at most 20. */
  refused: z.array(z.object({ lane: Lane, seq: z.number().int(), reason: z.string(), raw: z.string(), receivedAt: z.number().int() })),
  /** How many that makes of each lane, with what is too old for these lists; a lane of which nothing is missing isn't here. */
  missing: z.array(z.object({ lane: Lane, lost: z.number().int(), refused: z.number().int() })),
  /** The newest 50; the rest by GET /api/endpoints/:id/commands. */
  commands: CommandList.shape.commands,
  hasMoreCommands: z.boolean(),
})
export type EndpointDetail = z.infer<typeof EndpointDetail>

/** GET /api/endpoints?organisationId= */
export const EndpointList = z.object({ endpoints: z.array(EndpointSummary) })
export type EndpointList = z.infer<typeof EndpointList>

/** GET /api/endpoints/:id/samples?from=&to= (epoch ms, both included; at most 400 days). */
export const SampleQuery = z
  .object({ from: z.coerce.number().int().nonnegative(), to: z.coerce.number().int().nonnegative() })
  .refine(({ from, to }) => from <= to, { path: ['from'], message: 'from must not be later than to' })
  .refine(({ from, to }) => to - from <= steps.hour.keptForMs, { path: ['from'], message: 'ask for at most 400 days' })

const Values = z.array(z.number().nullable())
/** One value for each instant of `at`, null where there was none. */
export const RolledMeasure = z.object({ name: z.string(), min: Values, mean: Values, max: Values })
export type RolledMeasure = z.infer<typeof RolledMeasure>

/** Slots of `stepMs` by columns; `at` are their beginnings. */
export const RolledSamples = z.object({
  kind: z.literal('rolled'),
  stepMs: z.number().int(),
  at: z.array(z.number().int()),
  measures: z.array(RolledMeasure),
})
export type RolledSamples = z.infer<typeof RolledSamples>

/**
 * Oldest first, the step chosen by the range so that a chart can show it: the samples themselves for up to 100 minutes
 * of the last two days (evenly thinned where an agent sends more than 1,500), roll-ups of five minutes, of an hour or of
 * several hours for more.
 */
export const SampleList = z.discriminatedUnion('kind', [z.object({ kind: z.literal('raw'), samples: z.array(Sample) }), RolledSamples])
export type SampleList = z.infer<typeof SampleList>

/**
 * PATCH /api/endpoints/:id (power administer): a person confirms or changes what the machine is for, and what they call it;
 * what is absent stays. A tag that means core (core, pos, payroll, medical, production) confirms that role where nobody has
 * said another. Answers with the EndpointDetail.
 */
export const EndpointChange = z
  .object({ role: Role.exclude(['unknown']).nullable().optional(), tags: z.array(Tag).max(maxTags).optional() })
  .refine(({ role, tags }) => role !== undefined || tags !== undefined, 'say a role, tags, or both')
/** POST /api/endpoints/:id/isolate and /release. Both answer with the EndpointDetail as it is now. */
export const EndpointContain = z.object({ reason: z.string().min(1).max(500) })
/** Of a release, while it waits to be restored: why it may come back all the same, or that it was a false alarm. */
export const EndpointRelease = EndpointContain.extend({
  withoutRestore: z.string().max(2_000).optional(),
  isFalseAlarm: z.boolean().optional(),
})
/** DELETE /api/endpoints/:id (power administer) revokes its certificate and ends its session; 204. */

/** POST /api/enrolment-tokens (power administer) */
export const NewEnrolmentToken = z.object({
  organisationId: z.string().max(64),
  siteId: z.string().max(64).optional(),
  role: Role.optional(),
  /** What it says in its first day was there before it came to us, and goes on the ticket "as found". */
  isNew: z.boolean().default(true),
  ttlMinutes: z.number().int().min(1).max(10_080).default(30),
})
export const EnrolmentTokenMade = z.object({
  id: z.string(),
  /** Shown once. */
  token: z.string(),
  expiresAt: z.number().int(),
  /** What to type on the other machine, in a clone of the project. */
  line: z.string(),
  /** Says so when no other machine can reach the collector as it listens now. */
  warning: z.string().nullable(),
})
