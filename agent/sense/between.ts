import type { Time } from '#shared/domain/time.ts'
import type { SenseSettings } from './define-detector.ts'
import { LogonLines } from './logon/logon-lines.ts'
import { Visitors } from './network/visitors.ts'
import { Starts } from './processes/starts.ts'
import { Writers } from './writers/writers.ts'

/** What one detector hears and another judges, so that nothing is followed twice. */
export const betweenDetectors = (time: Time): Required<Pick<SenseSettings, 'writers' | 'starts' | 'visitors' | 'logonLines'>> => ({
  ...{ writers: new Writers(time), starts: new Starts(), visitors: new Visitors(), logonLines: new LogonLines() },
})
