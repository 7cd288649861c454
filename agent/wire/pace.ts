import type { Time } from '#shared/domain/time.ts'

/** Half of what the collector lets through, so that a word of ours between the frames never makes it too many. */
const framesPerMs = 1
const maxSaved = 1_000

export interface Pace {
  /** 0 when a frame may go now. */
  waitMs(): number
  take(): void
}

/** A token bucket. */
export function createPace(time: Time): Pace {
  let saved = maxSaved
  let at = time.monotonic()
  return {
    waitMs: () => {
      const now = time.monotonic()
      saved = Math.min(maxSaved, saved + (now - at) * framesPerMs)
      at = now
      return saved >= 1 ? 0 : (1 - saved) / framesPerMs
    },
    take: () => {
      saved -= 1
    },
  }
}
