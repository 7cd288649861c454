import { z } from 'zod'
import { Calendars } from './sections/calendars.ts'
import { Reminders, Waiting } from './sections/clocks.ts'
import { Containment, Modes } from './sections/containment.ts'
import { Exceptions, FalseAlarms, NoiseMeter, SigmaRules } from './sections/exceptions.ts'
import { Gathering } from './sections/gathering.ts'
import { Maintenance, Settling } from './sections/maintenance.ts'
import { Digest, Late, Quiet, Reopens, RoundUps } from './sections/noise.ts'
import { Onboarding } from './sections/onboarding.ts'
import { Paging } from './sections/paging.ts'
import { Grid, Impact, Urgency } from './sections/priorities.ts'
import { Promises, Review, TimeBoxes } from './sections/promises.ts'
import { Route } from './sections/routes.ts'
import { Teams } from './sections/teams.ts'

/**
 * The escalation matrix: one document, each section of which stands in a file of its own. A section that is added later
 * has a default: documents that people wrote before must still be good.
 */
export const MatrixDocument = z.strictObject({
  calendars: Calendars,
  teams: Teams,
  impact: Impact,
  urgency: Urgency,
  grid: Grid,
  promises: Promises,
  timeBoxes: TimeBoxes,
  review: Review,
  reminders: Reminders,
  waiting: Waiting,
  quiet: Quiet,
  reopens: Reopens,
  late: Late,
  gathering: Gathering,
  digest: Digest,
  roundUps: RoundUps,
  maintenance: Maintenance,
  settling: Settling,
  exceptions: Exceptions,
  falseAlarms: FalseAlarms,
  sigmaRules: SigmaRules,
  noiseMeter: NoiseMeter,
  containment: Containment,
  modes: Modes,
  onboarding: Onboarding,
  paging: Paging,
  routes: z.array(Route).min(1),
})
export type MatrixDocument = z.infer<typeof MatrixDocument>
