import type { Platform } from '#shared/domain/endpoint.ts'
import type { Time } from '#shared/domain/time.ts'
import type { SenseSettings } from './define-detector.ts'
import { LogonLines } from './logon/logon-lines.ts'
import { Visitors } from './network/visitors.ts'
import { Starts } from './processes/starts.ts'
import { WindowsEvents } from './windows/events.ts'
import { Writers } from './writers/writers.ts'

type Between = Required<Pick<SenseSettings, 'writers' | 'starts' | 'visitors' | 'logonLines'>> & Pick<SenseSettings, 'windowsEvents'>

/** What one detector hears and another judges, so that nothing is followed twice. */
export const betweenDetectors = (time: Time, platform: Platform): Between => ({
  ...{ writers: new Writers(time), starts: new Starts(), visitors: new Visitors(), logonLines: new LogonLines() },
  ...(platform === 'windows' && { windowsEvents: new WindowsEvents() }),
})
