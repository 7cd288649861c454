import { hours } from '#shared/domain/time.ts'

/** Where a code was typed: at the door that everybody at the machine may use, or at the one behind which only root stands. */
export type Door = 'anyone' | 'root'

/** Instants of wrong tries, by door: a program that guesses in a user's name can't use up the tries of whoever holds root. */
export type Tries = Record<Door, number[]>

export const mostWrong = 5
const withinMs = hours(1)

/** Those that count still. One from the future was made before somebody set the clock back: it counts as long as any other. */
export function wrongLately(tries: Tries, door: Door, now: number): number[] {
  return tries[door].filter((at) => Math.abs(now - at) < withinMs)
}

/** When the door takes another; undefined: now. */
export function lockedUntil(tries: Tries, door: Door, now: number): number | undefined {
  const lately = wrongLately(tries, door, now)
  return lately.length < mostWrong ? undefined : Math.min(...lately) + withinMs
}

export function oneMoreWrong(tries: Tries, door: Door, now: number): Tries {
  return { ...tries, [door]: [...wrongLately(tries, door, now), now] }
}
