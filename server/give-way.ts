import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'

/** Lets a busy ingest go before what can wait a little, for a bounded time. */
export interface GiveWay {
  /** false: not now; whoever asked is called again soon. */
  mayGo(): boolean
  /** What waited has gone; the next wait counts from now. */
  went(): void
}

/** A few commits of ingest; far below the second within which a ticket is promised. */
const maxWaitMs = seconds(0.1)
const lookAgainMs = 5

export function createGiveWay({ time, isBusy, again }: { time: Time; isBusy(): boolean; again(): void }): GiveWay {
  let wentAt = Number.NEGATIVE_INFINITY
  let cancel: Cancel = () => undefined
  return {
    mayGo() {
      cancel()
      const isFree = !isBusy() || time.monotonic() - wentAt >= maxWaitMs
      if (!isFree) cancel = time.after(lookAgainMs, again)
      return isFree
    },
    went() {
      wentAt = time.monotonic()
    },
  }
}
