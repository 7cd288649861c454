import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { Cancel, Time } from '#shared/domain/time.ts'

export interface JobOptions {
  name: string
  everyMs: number
  time: Time
  log: Logger
  /** @returns how much it did, for the log. */
  run(stop: AbortSignal): Promise<number>
}

/** Runs it again and again, `everyMs` after it has ended; a failure is logged and waits for the next time. */
export function startJob({ name, everyMs, time, log, run }: JobOptions): { stop(): Promise<void> } {
  const stopping = new AbortController()
  let running = Promise.resolve()
  let cancel: Cancel = () => undefined
  const once = async () => {
    try {
      const done = await run(stopping.signal)
      if (done > 0) log.debug({ job: name, done }, 'a job of samples has run')
    } catch (error) {
      log.error({ job: name, reason: sentenceOf(error) }, 'a job of samples failed; it is tried again')
    }
    plan()
  }
  const plan = () => {
    if (stopping.signal.aborted) return
    cancel = time.after(everyMs, () => {
      running = once()
    })
  }
  plan()
  return {
    stop: async () => {
      cancel()
      stopping.abort()
      await running
    },
  }
}
