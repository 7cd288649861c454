import type { Logger } from 'pino'
import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'

/** Work that is done in rounds for as long as there is some, whenever somebody says there may be. */
export interface Loop {
  nudge(): void
  /** Nothing is left to do. Rejects when a round failed, so that nobody waits for ever. */
  idle(): Promise<void>
  /** The round that runs is finished; no other begins. */
  stop(): Promise<void>
}

export type CreateLoop = (name: string, round: () => Promise<boolean>) => Loop

/** Between a round that failed and the next try: the database may be coming back. */
const retryMs = seconds(1)

/** `round` returns whether there may be more. One that throws is logged and tried again; nothing is lost, only late. */
export function createLoops({ time, log }: { time: Time; log: Logger }): CreateLoop {
  return (name, round) => {
    let running: Promise<void> | undefined
    let isNudged = false
    let isStopped = false
    let cancelRetry: Cancel = () => undefined

    const run = async (): Promise<void> => {
      while (isNudged && !isStopped) {
        isNudged = false
        if (await round()) isNudged = true
      }
    }
    const failed = (error: unknown): never => {
      log.error({ err: error, loop: name }, 'a round failed; it is tried again')
      cancelRetry()
      if (!isStopped) cancelRetry = time.after(retryMs, nudge)
      throw error
    }
    const start = (): Promise<void> => {
      isNudged = true
      running ??= run()
        .catch(failed)
        .finally(() => {
          running = undefined
        })
      return running
    }
    /** Whoever nudges waits for nothing; what fails is logged and tried again above. */
    const nudge = (): void => void start().catch(() => undefined)
    return {
      nudge,
      idle: start,
      async stop() {
        isStopped = true
        cancelRetry()
        await running?.catch(() => undefined)
      },
    }
  }
}
