import { z } from 'zod'
import { Role, Tag } from '#shared/domain/endpoint.ts'
import { Priority } from '#shared/domain/priority.ts'
import { Severity } from '#shared/domain/severity.ts'
import { Facts, SignalKind, SignalState } from '#shared/domain/signal.ts'
import { Tier } from '#shared/domain/tier.ts'
import { Duration } from '../../route/sections/words.ts'

/*
 * What an operator expects of a matrix: a signal of some machine at some instant, what shall become of it, and what shall
 * have become of it later. Only what is named is compared.
 */

/** As the clock on the wall shows it there: 2026-11-22T03:00 */
const Wall = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/, 'expected an instant such as 2026-11-22T03:00')

export const CaseSignal = z.strictObject({
  kind: SignalKind,
  severity: Severity,
  state: SignalState.default('happened'),
  summary: z.string().default('It happened'),
  facts: Facts.default({}),
  old: Duration.prefault('0s'),
  source: z.enum(['agent', 'source', 'collector']).default('agent'),
})

export const Expectation = z.strictObject({
  becomes: z.enum(['ticket', 'digest', 'record']).optional(),
  rule: z.string().optional(),
  priority: Priority.optional(),
  team: z.string().optional(),
  tier: Tier.optional(),
  tells: z.array(z.string()).optional(),
  needsVisit: z.boolean().optional(),
  /** Whether people hear of it at any hour. */
  pages: z.boolean().optional(),
  /** What was done about the machine by now. */
  contain: z.enum(['none', 'isolated', 'asked']).optional(),
  isolatedAt: Wall.optional(),
  /** Whether the process that its signal names was halted. */
  suspended: z.boolean().optional(),
  respondBy: Wall.optional(),
  resolveBy: Wall.nullable().optional(),
  /** When its box ends; null: none runs. */
  box: Wall.nullable().optional(),
  /** The reason of its last hop. */
  escalated: z.string().nullable().optional(),
  /** Of several machines: how many are isolated, and of how many people are asked. */
  isolated: z.number().int().optional(),
  asked: z.number().int().optional(),
  /** How many questions stand before people: one may be about many machines. */
  questions: z.number().int().optional(),
  /** Tickets over others: of storms, of sites; and how many are kept under one. */
  storms: z.number().int().optional(),
  siteTickets: z.number().int().optional(),
  under: z.number().int().optional(),
  /** How often the telephone rang of whoever was called most; one person is on call for each team. */
  calls: z.number().int().optional(),
  mailsToCustomers: z.number().int().optional(),
})
export type Expectation = z.infer<typeof Expectation>

const Later = z.strictObject({ at: Wall, acknowledged: z.literal(true).optional(), expect: Expectation.optional() })

export const Case = z.strictObject({
  name: z.string().min(1),
  signal: CaseSignal,
  role: Role.default('workstation'),
  tags: z.array(Tag).default([]),
  organisation: z.string().default('Example'),
  plan: z.string().default('standard'),
  mode: z.enum(['observe', 'live']).default('live'),
  timeZone: z.string().optional(),
  arrives: Wall.default('2026-11-23T09:00'),
  isOver: z.boolean().default(false),
  /** So many machines, one after the other, of so many organisations with one site each. */
  machines: z.number().int().min(1).max(10_000).default(1),
  organisations: z.number().int().min(1).max(1_000).default(1),
  /** How often it is said by all of them together; left out: once by each. */
  hits: z.number().int().min(1).max(100_000).optional(),
  every: Duration.prefault('1s'),
  /** Instead of `every`: all of it within this. */
  within: Duration.optional(),
  expect: Expectation.default({}),
  later: z.array(Later).default([]),
})
export type Case = z.infer<typeof Case>

export const Cases = z.strictObject({ timeZone: z.string().default('UTC'), cases: z.array(Case).min(1) })
export type Cases = z.infer<typeof Cases>
