import type { Time } from '#shared/domain/time.ts'

/**
 * Frames of one agent: 2,000 a second for good, twice that at once. A spool that drains as fast as commits allow sends
 * about 1,200 frames of 50 records; nothing an honest agent does needs more.
 */
const framesPerMs = 2
const maxSaved = 4_000

/** A token bucket. @returns a function that takes one token, and says whether there was one. */
export function createPace(time: Time): () => boolean {
  let saved = maxSaved
  let at = time.monotonic()
  return () => {
    const now = time.monotonic()
    saved = Math.min(maxSaved, saved + (now - at) * framesPerMs) - 1
    at = now
    return saved >= 0
  }
}
