import { z } from 'zod'
import { Priority } from '#shared/domain/priority.ts'
import { Duration, Name } from './words.ts'

const Promised = z.union([
  z.literal('digest'),
  z.strictObject({ respond: Duration, resolve: Duration.optional(), calendar: Name, whenPaged: Name.optional() }),
])
export type Promised = Exclude<z.infer<typeof Promised>, 'digest'>
const Table = z.record(Priority, Promised)

/** What is promised: by the customer's plan, or by a team whatever the plan. */
export const Promises = z.strictObject({ plans: z.record(Name, Table), teams: z.record(Name, Table) })

/** From its arrival, from the first acknowledgement, or from its arrival and only until somebody acknowledges it. */
const TimeBox = z.strictObject({ box: Duration, from: z.enum(['arrival', 'work', 'untaken']), to: Name })
export type TimeBox = z.infer<typeof TimeBox>

/** How long a ticket may stay with a team, and where it moves then. */
export const TimeBoxes = z.record(Name, z.partialRecord(Priority, TimeBox))

/** When an open ticket on which nothing else is due is looked at again. */
export const Review = z.record(Priority, Duration)
