import { createContext, type ReactNode, useContext, useSyncExternalStore } from 'react'

/**
 * The console's one source of time: the collector's, as its answers' Date header tells it, so that a countdown is right
 * on a computer whose own clock is wrong.
 */
export interface Clock {
  /** Collector's time, epoch ms. */
  now(): number
  /** @param dateHeader of an answer that arrived just now. */
  noteDate(dateHeader: string | null): void
  /** Calls back every second; returns what ends it. */
  everySecond(listener: () => void): () => void
  /** Collector's time at the last second's tick: the same for everybody who draws. */
  lastTick(): number
}

// The header counts whole seconds, so up to a second of difference is no difference.
const TOLERATED_MS = 2_000

export function createClock(): Clock {
  const listeners = new Set<() => void>()
  let offsetMs = 0
  let tickedAt = Date.now()
  let interval: number | undefined
  const now = (): number => Date.now() + offsetMs
  const tick = (): void => {
    tickedAt = now()
    for (const listener of listeners) listener()
  }
  return {
    now,
    noteDate: (dateHeader) => {
      const difference = dateHeader === null ? Number.NaN : Date.parse(dateHeader) - Date.now()
      if (Number.isFinite(difference)) offsetMs = Math.abs(difference) > TOLERATED_MS ? difference : 0
    },
    everySecond: (listener) => {
      listeners.add(listener)
      interval ??= window.setInterval(tick, 1_000)
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        window.clearInterval(interval)
        interval = undefined
      }
    },
    lastTick: () => tickedAt,
  }
}

const ClockContext = createContext<Clock | undefined>(undefined)

export function ClockProvider({ clock, children }: { clock: Clock; children: ReactNode }) {
  return <ClockContext value={clock}>{children}</ClockContext>
}

export function useClock(): Clock {
  const clock = useContext(ClockContext)
  if (!clock) throw new Error('useClock stands outside of ClockProvider')
  return clock
}

/** The collector's time, drawn anew every second. */
export function useNow(): number {
  const clock = useClock()
  return useSyncExternalStore(clock.everySecond, clock.lastTick)
}
