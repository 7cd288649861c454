import { setFlagsFromString } from 'node:v8'
import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'
import { openStage } from './stage.ts'

/*
 * What a collector does against an attack may not have run for weeks: the first isolation after a start took 28 ms where the next ones
 * take 10. So it plays attacks to itself. Enters: nothing but the clock. Leaves: code that is warm: a made-up signal goes through ingest,
 * desk and dispatcher until they have become as fast as they get. Promises: all of it happens on a database, keys and people of its own, which
 * are gone afterwards; no agent, person or receiver can be reached from there; whatever is real goes first. On failure: a line in the
 * log, and a first isolation as slow as it was.
 */
export interface Drill {
  /** When it is over, however it went. */
  done: Promise<void>
  stop(): Promise<void>
}

interface DrillOptions {
  /** Absent: none. */
  drills?: boolean
  /** For its database. */
  dataDir: string
  time: Time
  log: Logger
  /** Something real has work that waits. */
  isBusy(): boolean
}

/** Agents that come back after a restart come first. */
const beginsAfterMs = seconds(2)
const busyMs = seconds(1)
/** V8 takes most of the path for worth compiling after some fifty runs; twice as many made no difference that could be measured. */
const attacks = 80
/** Each takes a few milliseconds of the event loop, which is free for all else in between. */
const restMs = 20

export function startDrill(options: DrillOptions): Drill {
  const stopping = new AbortController()
  const pause = createPause(options.time, stopping.signal)
  const done = play(options, pause, stopping.signal).catch((error: unknown) => {
    options.log.warn(
      { reason: sentenceOf(error) },
      'the drill of the first attack ended early; the first isolation will take a little longer',
    )
  })
  return {
    done,
    async stop() {
      stopping.abort()
      await done
    },
  }
}

async function play({ drills, dataDir, time, log, isBusy }: DrillOptions, pause: Pause, stop: AbortSignal): Promise<void> {
  if (!drills) return
  await pause(beginsAfterMs)
  while (isBusy() && !stop.aborted) await pause(busyMs)
  if (stop.aborted) return
  // What is compiled is otherwise thrown away where it hasn't run for some collections of garbage.
  setFlagsFromString('--no-flush-bytecode')
  const beganAt = time.monotonic()
  let isolations = 0
  await using stage = await openStage({ dataDir, time, log })
  for (let count = 0; count < attacks && !stop.aborted; count++) {
    if (await stage.attack(count)) isolations += 1
    await pause(isBusy() ? busyMs : restMs)
  }
  log.debug({ attacks, isolations, tookMs: Math.round(time.monotonic() - beganAt) }, 'the drill is over')
}

type Pause = (ms: number) => Promise<void>

/** Ends at once where the collector stops. */
const createPause =
  (time: Time, stop: AbortSignal): Pause =>
  (ms) =>
    new Promise((resolve) => {
      if (stop.aborted) return resolve()
      let cancel: Cancel = () => undefined
      const over = (): void => {
        cancel()
        stop.removeEventListener('abort', over)
        resolve()
      }
      cancel = time.after(ms, over)
      stop.addEventListener('abort', over)
    })
