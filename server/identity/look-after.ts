import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { seconds, type Time } from '#shared/domain/time.ts'

/** `tierline addresses set` is another process; nobody who moves a collector minds these seconds. */
const everyMs = seconds(3)

/** Looks at once, and again some seconds after each look has ended. @returns its end, which waits for the look that runs. */
export function lookAfter({ time, log, look }: { time: Time; log: Logger | undefined; look: () => Promise<unknown> }): () => Promise<void> {
  let running: Promise<void> = Promise.resolve()
  let isStopped = false
  let cancel = time.after(0, begin)

  function begin(): void {
    running = look()
      .then(() => undefined)
      .catch((error: unknown) => log?.error({ reason: sentenceOf(error) }, 'signed documents could not be looked after'))
      .then(() => {
        if (!isStopped) cancel = time.after(everyMs, begin)
      })
  }
  return async () => {
    isStopped = true
    cancel()
    await running
  }
}
