import { minutes, seconds, type Time } from '#shared/domain/time.ts'

/** Since when we can hear our agents: our start, or the end of a pause of this process or its machine. */
export interface Hearing {
  /** To be called every `everyMs`: a call that comes late means that we were not there. */
  look(): void
  /** Whether agents have had their chance to return and to say what they did. */
  hasGivenChance(): boolean
}

/** Longer than any agent waits before it dials again; as long as presence waits. */
const chanceMs = minutes(3)
const absenceMs = seconds(15)

export function watchHearing(time: Time, everyMs: number): Hearing {
  const read = () => ({ now: time.now(), monotonic: time.monotonic() })
  let lookedAt = read()
  let since = lookedAt.monotonic

  /** A sleeping Linux stops the monotonic clock, so only the two clocks together tell. */
  const noteAbsence = (): void => {
    const { now, monotonic } = read()
    const passedMs = monotonic - lookedAt.monotonic
    const isSetMs = Math.abs(now - lookedAt.now - passedMs)
    if (passedMs - everyMs <= absenceMs && isSetMs <= absenceMs) return
    since = monotonic
    lookedAt = { now, monotonic }
  }
  return {
    look() {
      noteAbsence()
      lookedAt = read()
    },
    hasGivenChance() {
      noteAbsence()
      return time.monotonic() - since >= chanceMs
    },
  }
}
