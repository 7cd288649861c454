/** Ends what `after` has planned; calling it twice, or too late, does nothing. */
export type Cancel = () => void

/** The one source of time, handed in by each side's `app.ts`. Fake time exists in tests only. */
export interface Time {
  /** Wall clock, epoch milliseconds. May jump. */
  now(): number
  /** Milliseconds since some instant of this process. Never jumps, never decreases. */
  monotonic(): number
  /** Runs once, `ms` milliseconds from now (monotonic). Does not keep the process alive by itself. */
  after(ms: number, run: () => void): Cancel
}

export const seconds = (count: number): number => count * 1_000
export const minutes = (count: number): number => count * 60_000
export const hours = (count: number): number => count * 3_600_000
export const days = (count: number): number => count * 86_400_000
