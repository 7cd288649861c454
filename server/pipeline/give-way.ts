import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'

/** When work that can wait a little may go: not too often, and after a busy ingest; always soon. */
export interface GiveWay {
  /** false: not now; whoever asked is called again when it may be time. */
  mayGo(): boolean
  /** It has gone; who is busy has its time from now on. While more is left than could go at once, it waits for nobody's sake. */
  went(isMore: boolean): void
}

/** From one beginning to the next: a fleet that never stops talking costs 50 rounds a second at most, and a long round makes nobody wait twice. */
const gapMs = 20
/** A few commits of ingest; far below the second within which a ticket is promised. */
const longestWaitMs = seconds(0.1)
const lookAgainMs = 5

export function createGiveWay({ time, isBusy, again }: { time: Time; isBusy(): boolean; again(): void }): GiveWay {
  let [beganAt, wentAt] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
  let isBehind = false
  let cancel: Cancel = () => undefined

  /** How long until it is worth asking again; 0: now is the time. */
  const waitMs = (): number => {
    const now = time.monotonic()
    if (now - beganAt < gapMs) return beganAt + gapMs - now
    return !isBehind && now - wentAt < longestWaitMs && isBusy() ? lookAgainMs : 0
  }
  return {
    mayGo() {
      cancel()
      const ms = waitMs()
      if (ms > 0) cancel = time.after(ms, again)
      else beganAt = time.monotonic()
      return ms === 0
    },
    went(isMore) {
      isBehind = isMore
      wentAt = time.monotonic()
    },
  }
}
