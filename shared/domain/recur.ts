import type { Cancel, Time } from './time.ts'

export interface Recurring {
  time: Time
  /** From the end of one round to the beginning of the next, in ms; rounds never overlap. */
  everyMs: number
  /** To the first round, in ms. */
  firstAfterMs?: number
  round(): Promise<unknown>
  /** A round threw; the next one comes all the same. */
  failed(error: unknown): void
}

/** Work that comes again and again. @returns its end, which waits for the round that runs. */
export function recur({ time, everyMs, firstAfterMs = everyMs, round, failed }: Recurring): () => Promise<void> {
  let running: Promise<void> = Promise.resolve()
  let isStopped = false
  let cancel: Cancel = time.after(firstAfterMs, begin)

  function begin(): void {
    running = round()
      .then(() => undefined, failed)
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
