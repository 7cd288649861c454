import type { Time } from '#shared/domain/time.ts'

/** setTimeout fires at once beyond 2^31 - 1 ms, so longer waits go in pieces. */
const longestPieceMs = 2_147_483_647

/** The real clock. Nothing else in the collector touches it. */
export const systemTime: Time = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    let timer: NodeJS.Timeout
    const wait = (leftMs: number): void => {
      const pieceMs = Math.min(leftMs, longestPieceMs)
      timer = setTimeout(() => (leftMs > pieceMs ? wait(leftMs - pieceMs) : run()), pieceMs)
      timer.unref()
    }
    wait(Math.max(0, ms))
    return () => clearTimeout(timer)
  },
}
