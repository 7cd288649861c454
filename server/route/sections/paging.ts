import { z } from 'zod'
import { Priority } from '#shared/domain/priority.ts'
import { Duration, oneOrMore } from './words.ts'

/** Who is called: whoever is on call, the next in line, everybody of the team, the admins. */
const Whom = z.enum(['on-call', 'second', 'team', 'admins'])
export type Whom = z.infer<typeof Whom>

/** From `after` on, until the next rung or until somebody acknowledges: once, or every so often. */
const Rung = z.strictObject({ after: Duration, to: oneOrMore(Whom), every: Duration.optional() })
export type Rung = z.infer<typeof Rung>

/** The ladder of a ticket that nobody has acknowledged, wider and wider. */
export const Paging = z
  .partialRecord(
    Priority,
    z
      .array(Rung)
      .min(1)
      .refine((rungs) => rungs.every(({ after }, at) => after > (rungs[at - 1]?.after ?? -1)), 'a later rung comes after an earlier one'),
  )
  .prefault({
    P1: [
      { after: '0s', to: 'on-call', every: '2m' },
      { after: '5m', to: ['on-call', 'second'], every: '2m' },
      { after: '10m', to: ['team', 'admins'], every: '5m' },
    ],
    P2: [{ after: '0s', to: 'on-call' }],
  })
