import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import type { Cancel, Time } from '#shared/domain/time.ts'

export interface RoundsOptions {
  time: Time
  /** Milliseconds; asked before each wait, so that it may change. */
  every(): number
  firstAfterMs: number
  /** One round may take this long; then it counts as failed and its `stop` is aborted. */
  deadlineMs: number
  /** Share of `every` by which a wait is drawn longer or shorter, so that a fleet doesn't look in step. */
  jitter: number
  random(): number
  run(stop: AbortSignal): Promise<void>
  onWorked(): void
  onFailed(reason: string): void
}

export interface Rounds {
  /** Runs now instead of when it would be due; once more right after the one that runs, which may have looked already. */
  soon(): void
  /** Resolves when the round that runs has ended, or its time is up. */
  stop(): Promise<void>
}

/** Runs the same again and again, never twice at once: a round that hangs is told of, and waited for before the next. */
export function startRounds(options: RoundsOptions): Rounds {
  const { time, every, jitter, random } = options
  const stop = new AbortController()
  let next: Cancel = time.after(options.firstAfterMs, () => begin())
  let current: Promise<void> | undefined
  let isHanging = false
  let isAskedAgain = false

  function begin(): void {
    if (stop.signal.aborted) return
    next()
    current ??= round().finally(() => {
      current = undefined
      if (isAskedAgain) soon()
    })
  }

  function soon(): void {
    isAskedAgain = current !== undefined
    if (!isAskedAgain) begin()
  }

  async function round(): Promise<void> {
    if (isHanging) options.onFailed('it hangs')
    else await once()
    if (!stop.signal.aborted) next = time.after(every() * (1 - jitter + 2 * jitter * random()), begin)
  }

  async function once(): Promise<void> {
    isHanging = true
    const run = within(options.deadlineMs, time, stop.signal, options.run, () => {
      isHanging = false
    })
    await run.then(options.onWorked, (error: unknown) => stop.signal.aborted || options.onFailed(sentenceOf(error)))
  }

  return {
    soon,
    async stop() {
      stop.abort()
      next()
      await current
    },
  }
}

/**
 * Waits for `run` no longer than `ms`, and not at all once `stop` is aborted.
 *
 * @param onSettled is told when `run` itself has ended, also long after its time was up.
 */
export async function within<Value>(
  ms: number,
  time: Time,
  stop: AbortSignal,
  run: (stop: AbortSignal) => Promise<Value>,
  onSettled: () => void = () => undefined,
): Promise<Value> {
  const ending = new AbortController()
  const work = Promise.resolve().then(() => run(ending.signal))
  work.then(onSettled, onSettled)
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const end = (fault: Fault): void => {
    reject(fault)
    ending.abort()
  }
  const cancel = time.after(ms, () => end(new Fault('too-slow', `it took longer than ${ms / 1_000} seconds`)))
  const onStop = (): void => end(new Fault('stopped', 'the agent stops'))
  if (stop.aborted) onStop()
  else stop.addEventListener('abort', onStop, { once: true })
  try {
    return await Promise.race([work, ended])
  } finally {
    cancel()
    stop.removeEventListener('abort', onStop)
  }
}
