import { z } from 'zod'
import { Priority } from '#shared/domain/priority.ts'
import { Duration } from './words.ts'

/** Who hears of it: `second`, the next in line; `lead`, the team's lead; `everybody`, the team, the admins, named contacts. */
const Addressee = z.enum(['owner', 'second', 'lead', 'everybody'])
export type Addressee = z.infer<typeof Addressee>

const whom = { tell: Addressee, page: z.boolean().default(false) }
const AtShare = z.strictObject({ percent: z.number().int().min(1).max(100), ...whom })
export type AtShare = z.infer<typeof AtShare>
const After = z.strictObject({ after: Duration, ...whom })
export type After = z.infer<typeof After>

/** Each list rises, or a later reminder would come before an earlier one. */
const rising = <Item>(items: z.ZodType<Item[], unknown>, amountOf: (item: Item) => number) =>
  items.refine((all) => all.every((item, at) => at === 0 || amountOf(item) > amountOf(all[at - 1] ?? item)), 'the later comes after')

const Shares = z.partialRecord(
  Priority,
  rising(z.array(AtShare), ({ percent }) => percent),
)

/** Who is reminded of what is promised, and of what was taken and then left. */
export const Reminders = z
  .strictObject({
    respond: Shares,
    resolve: Shares,
    untouched: z.partialRecord(
      Priority,
      rising(z.array(After), ({ after }) => after),
    ),
    /** Whoever asked hears something at least this often. */
    requester: z.partialRecord(Priority, Duration).default({}),
    /** And a VIP after this share of it. */
    vipShare: z.number().gt(0).max(1).default(0.5),
  })
  .prefault({ respond: {}, resolve: {}, untouched: {} })

const workingDays = z.number().int().min(1).max(250)

/** What happens while a ticket waits for somebody else. */
export const Waiting = z
  .strictObject({
    customer: z.strictObject({ remindAfterDays: rising(z.array(workingDays), (count) => count), closeAfterDays: workingDays }),
    vendor: z.strictObject({ timesResolve: z.number().min(0.1).max(100) }),
  })
  .prefault({ customer: { remindAfterDays: [2, 5, 10], closeAfterDays: 12 }, vendor: { timesResolve: 2 } })
