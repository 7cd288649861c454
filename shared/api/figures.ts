import { z } from 'zod'

const ms = z.number().nonnegative()
const part = z.object({ count: z.number().int(), share: z.number().nullable() })

/** What a desk is measured by, counted from timelines. */
export const Figures = z.object({
  opened: z.number().int(),
  resolved: z.number().int(),
  /** Until a person did something on it, of tickets that opened. */
  response: z.object({ count: z.number().int(), p50Ms: ms.nullable(), p90Ms: ms.nullable(), averageMs: ms.nullable() }),
  /** Of those that were resolved: on the day they opened, by the customer's clock. */
  sameDay: part,
  /** Of those that were resolved: never left tier1. */
  solvedInTier1: part,
  /** By reason. */
  escalations: z.record(z.string(), z.number().int()),
  promises: z.object({ kept: z.number().int(), broken: z.number().int() }),
  reopened: z.number().int(),
  /** While somebody had it, in the hours in which its promises run. */
  workedMs: ms,
  /** How long more pressing tickets lay while their team had taken a less pressing one. */
  waitedBehindMs: ms,
})
export type Figures = z.infer<typeof Figures>

const longestMs = 400 * 86_400_000

/** GET /api/figures?from=&to=&by=team&organisationId=&team= ; instants in epoch ms, `to` not included, 400 days at most. */
export const FiguresQuery = z
  .object({
    from: z.coerce.number().int().nonnegative(),
    to: z.coerce.number().int().nonnegative(),
    by: z.enum(['organisation', 'team', 'day', 'week', 'month']).default('organisation'),
    organisationId: z.string().max(64).optional(),
    team: z.string().max(64).optional(),
  })
  .refine(({ from, to }) => to > from && to - from <= longestMs, { error: 'to comes after from, 400 days at most', path: ['to'] })

export const FiguresAnswer = z.object({
  total: Figures,
  /** `key`: an organisation's id, a team's name, or the first day of the period. */
  groups: z.array(z.object({ key: z.string(), figures: Figures })),
})
export type FiguresAnswer = z.infer<typeof FiguresAnswer>
