import { minutes, type Time } from '#shared/domain/time.ts'
import type { Probe } from '../host/probe.ts'

/** Tasks ready to run per core, over five minutes: above this the machine's own work waits already. */
const busyLoadPerCore = 1
const askEveryMs = minutes(1)

/** Whether this machine has enough to do, or runs on battery; asked of the machine once a minute at most. */
export function createStrain(probe: Probe, time: Time): () => Promise<boolean> {
  let answer: { at: number; isStrained: boolean } | undefined
  return async () => {
    const at = time.monotonic()
    if (answer && at - answer.at < askEveryMs) return answer.isStrained
    const [{ load5 }, isOnBattery] = await Promise.all([probe.processor(), probe.vitals.isOnBattery()])
    answer = { at, isStrained: isOnBattery || load5 / probe.vitals.cores() > busyLoadPerCore }
    return answer.isStrained
  }
}
