import { z } from 'zod'
import { type About, parsed, readAbout } from './rule.ts'
import { refuse } from './unsupported.ts'

/** So many hits, or so many different values among them, of some rules within a time, apart for each group. */
export interface Correlation extends About {
  /** Ids or names of rules. */
  rules: readonly string[]
  type: 'event_count' | 'value_count'
  /** Fields whose values make a group. */
  groupBy: readonly string[]
  /** For each name in `groupBy` or `distinctOf`, what it is called in the events of a rule, where that differs. */
  aliases: ReadonlyMap<string, ReadonlyMap<string, string>>
  /** Fields whose values are told apart, for `value_count`. */
  distinctOf: readonly string[]
  window: { lengthMs: number }
  isReached(count: number): boolean
  /** The rules it counts speak for themselves as well. */
  generatesHits: boolean
}

const Count = z.number().int().nonnegative()
const fields = z.union([z.array(z.string()).max(20), z.string().transform((one) => [one])])

const Written = z.object({
  correlation: z.object({
    type: z.string(),
    rules: z.union([z.array(z.string()).min(1).max(1_000), z.string().transform((one) => [one])]),
    'group-by': fields.optional(),
    timespan: z.string(),
    condition: z.object({
      ...{
        gt: Count.optional(),
        gte: Count.optional(),
        lt: Count.optional(),
        lte: Count.optional(),
        eq: Count.optional(),
        neq: Count.optional(),
      },
      field: fields.optional(),
    }),
    generate: z.boolean().optional(),
    aliases: z.record(z.string(), z.record(z.string(), z.string())).optional(),
  }),
  generate: z.boolean().optional(),
})

/** A document with `correlation` → what it counts; Unsupported is thrown with the reason where it can't be honoured. */
export function readCorrelation(document: unknown, file: string): Correlation {
  const about = readAbout(document, file)
  const { type } = parsed(z.object({ correlation: z.object({ type: z.string() }) }), document).correlation
  if (type !== 'event_count' && type !== 'value_count') return refuse(`correlations of type “${type.slice(0, 50)}” are not supported`)
  const written = parsed(Written, document)
  const { rules, timespan, condition, aliases = {} } = written.correlation
  const distinctOf = condition.field ?? []
  if (type === 'value_count' && distinctOf.length === 0) refuse('it counts values and doesn’t say of which field')
  return {
    ...{ ...about, rules, type, distinctOf, groupBy: written.correlation['group-by'] ?? [] },
    aliases: new Map(Object.entries(aliases).map(([name, of]) => [name, new Map(Object.entries(of))])),
    window: { lengthMs: lengthOf(timespan) },
    isReached: thresholdOf(condition),
    generatesHits: written.correlation.generate ?? written.generate ?? false,
  }
}

/** A month is thirty days. */
const units: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  M: 2_592_000_000,
  y: 31_536_000_000,
}
/** A month: beyond it nothing is remembered. */
const maxLengthMs = 31 * 86_400_000

function lengthOf(timespan: string): number {
  const [, amount = '', unit = ''] = /^(\d{1,6})([smhdwMy])$/.exec(timespan.trim()) ?? []
  const lengthMs = Number(amount) * (units[unit] ?? Number.NaN)
  if (!(lengthMs > 0)) refuse(`its timespan “${timespan.slice(0, 50)}” is no time such as 30s, 5m, 1h or 1d`)
  return lengthMs <= maxLengthMs ? lengthMs : refuse('its timespan is longer than 31 days')
}

/** Only what more hits can make true: that there were few can't be known before the time is over. */
function thresholdOf(
  condition: { gt?: number | undefined; gte?: number | undefined; eq?: number | undefined } & Record<string, unknown>,
): Correlation['isReached'] {
  const { gt, gte, eq, lt, lte, neq } = condition
  if (lt !== undefined || lte !== undefined || neq !== undefined)
    refuse('it asks whether there were few, and only “gt”, “gte” and “eq” are supported')
  const least = Math.max(gte ?? 0, gt === undefined ? 0 : gt + 1, eq ?? 0)
  if (least === 0) refuse('its condition holds before anything happened')
  return eq === undefined ? (count) => count >= least : (count) => count === eq
}
