import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'
import { pingEveryMs } from '#shared/protocol/limits.ts'

/**
 * Lets every member beat once in `pingEveryMs`, each at its own place in the round: one timer for ten thousand sessions,
 * and no turn of the loop that pings more than a sixtieth of them.
 */
export interface Heartbeat {
  /** Its first beat comes a whole round later. @returns its place, to leave with. */
  join(member: Beating): number
  leave(member: Beating, place: number): void
  stop(): void
}

export interface Beating {
  beat(): void
}

const placeMs = seconds(0.25)
const places = pingEveryMs / placeMs

export function startHeartbeat(time: Time): Heartbeat {
  const round = Array.from({ length: places }, () => new Set<Beating>())
  let place = 0
  let cancel: Cancel = () => undefined
  const next = (): void => {
    cancel = time.after(placeMs, next)
    place = (place + 1) % places
    for (const member of round[place] ?? []) member.beat()
  }
  cancel = time.after(placeMs, next)
  return {
    join: (member) => {
      round[place]?.add(member)
      return place
    },
    leave: (member, at) => void round[at]?.delete(member),
    stop: () => cancel(),
  }
}
