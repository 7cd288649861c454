import type { Logger } from 'pino'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, minutes, seconds, type Time } from '#shared/domain/time.ts'
import { isUnsupported, type Unsupported, type Watching } from './define-detector.ts'
import { within } from './rounds.ts'

/** A watch that broke gets this long before it is tried again: what broke it may be a log that is being rotated. */
const startAgainAfterMs = seconds(30)
const startDeadlineMs = seconds(30)
/** What a machine lacks may be installed while the agent runs. */
const lacksForMs = minutes(10)
/** One that broke before works again when it has run this long; else each start of a broken one would look like a cure. */
const provenAfterMs = seconds(60)

export interface KeptWatch {
  /** What runs now; undefined while it is broken or unsupported. */
  current(): Watching | undefined
  /** Ends what runs and starts it anew: what it reads at its start has changed. */
  again(): void
  stop(): Promise<void>
}

interface KeptWatchOptions {
  name: string
  time: Time
  log: Logger
  start(broken: (reason: string) => void, stop: AbortSignal): Promise<Watching | Unsupported>
  onStarted(): void
  onWorked(): void
  onFailed(reason: string): void
}

/** Starts a watch, and starts it again whenever it breaks or can't be started in time. */
export function keepWatching(options: KeptWatchOptions): KeptWatch {
  const { time, log, name } = options
  const stop = new AbortController()
  let current: Watching | undefined
  let hasBroken = false
  let lacking: string | undefined
  let next: Cancel = () => undefined
  let starting = begin()

  async function begin(): Promise<void> {
    try {
      const started = await within(startDeadlineMs, time, stop.signal, startOnce)
      if (isUnsupported(started)) return lack(started.unsupported)
      lacking = undefined
      current = started
      options.onStarted()
      if (hasBroken) next = time.after(provenAfterMs, prove)
      else options.onWorked()
    } catch (error) {
      fail(sentenceOf(error))
    }
  }

  function lack(reason: string): void {
    if (reason !== lacking) log.info({ detector: name, reason }, 'a detector has nothing to watch here')
    if (lacking === undefined) options.onStarted()
    lacking = reason
    hasBroken = false
    options.onWorked()
    next = time.after(lacksForMs, () => {
      starting = begin()
    })
  }

  function prove(): void {
    hasBroken = false
    options.onWorked()
  }

  /** A start that ends after its time was up leaves nothing running behind. */
  async function startOnce(timeIsUp: AbortSignal): Promise<Watching | Unsupported> {
    const attempt = new AbortController()
    const broken = (reason: string): void => {
      if (attempt.signal.aborted || stop.signal.aborted) return
      attempt.abort()
      fail(reason)
    }
    const started = await options.start(broken, stop.signal)
    if (!timeIsUp.aborted && !attempt.signal.aborted) return started
    if (!isUnsupported(started)) await started.stop()
    throw new Fault('too-late', 'it was started too late')
  }

  function fail(reason: string): void {
    if (stop.signal.aborted) return
    const broken = current
    current = undefined
    broken?.stop().catch((error: unknown) => log.warn({ err: error, detector: name }, 'a broken watch did not stop'))
    hasBroken = true
    options.onFailed(reason)
    next()
    next = time.after(startAgainAfterMs, () => {
      starting = begin()
    })
  }

  async function beginAgain(): Promise<void> {
    const ended = current
    current = undefined
    await ended?.stop().catch((error: unknown) => log.warn({ reason: sentenceOf(error), detector: name }, 'a watch did not stop'))
    if (!stop.signal.aborted) await begin()
  }

  return {
    current: () => current,
    again() {
      next()
      starting = starting.then(beginAgain)
    },
    async stop() {
      stop.abort()
      next()
      await starting
      await current?.stop()
    },
  }
}
