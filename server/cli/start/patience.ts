import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '#shared/domain/fault.ts'
import { seconds } from '#shared/domain/time.ts'

/** A database takes less to recover from a crash; whoever named the wrong one reads so at once. */
const longestMs = seconds(60)
const betweenMs = seconds(0.5)

/**
 * Starts again while what it needs is not there yet, such as a database that boots beside it: a collector that gives up
 * stays away until somebody looks. @returns undefined: it was told to stop meanwhile. @throws what no waiting mends.
 */
export async function startPatiently<Started>(
  start: () => Promise<Started>,
  stopped: Promise<unknown>,
  say: (line: string) => void,
): Promise<Started | undefined> {
  const isStopped = stopped.then(() => true as const)
  for (let waitedMs = 0; ; waitedMs += betweenMs) {
    try {
      return await start()
    } catch (error) {
      if (!(error instanceof Fault && error.isRetryable) || waitedMs >= longestMs) throw error
      if (waitedMs === 0) say(`${error.message} Trying again for a minute …`)
    }
    if (await Promise.race([isStopped, pause(betweenMs)])) return undefined
  }
}
