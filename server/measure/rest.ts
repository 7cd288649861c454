import type { Time } from '#shared/domain/time.ts'

/** Between two bites of a job, so that ingest and pipeline go first. */
const restMs = 20

/** Ends at once when told to stop. */
export function rest(time: Time, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = time.after(restMs, done)
    function done() {
      cancel()
      stop.removeEventListener('abort', done)
      resolve()
    }
    stop.addEventListener('abort', done)
    if (stop.aborted) done()
  })
}
