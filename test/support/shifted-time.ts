import type { Time } from '#shared/domain/time.ts'
import { systemTime } from '../../server/system-time.ts'

/** Real time for real sockets, with a wall clock that a test may set. */
export function shiftedTime(): Time & { shift(ms: number): void } {
  let shiftMs = 0
  return {
    ...systemTime,
    now: () => systemTime.now() + shiftMs,
    shift: (ms) => {
      shiftMs += ms
    },
  }
}
