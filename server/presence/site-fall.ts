import type { Machine, Sight, SilenceLimits } from './decide.ts'

/** A machine that is away, and of which nothing was said yet. */
export interface Gone {
  machine: Machine
  at: number
  /** It went while we could not see, so `at` is when we could again. */
  isUnseen: boolean
  isAnnounced: boolean
}

export interface Fall {
  machines: Machine[]
  /** Of how many that were there. */
  there: number
}

/**
 * The machines that went together, if they are enough for the silence to be the site's. Waits until the last of them
 * has been away for a while: a line that hiccups, or agents that dial again, are no site that fell silent.
 */
export function fallOf(gone: readonly Gone[], connected: number, sight: Sight, limits: SilenceLimits, now: number): Fall | undefined {
  const { machines, share, withinMs, thereBeforeMs } = limits.site
  // What went before we could see says nothing about how it went.
  const inOrder = gone.filter(({ at, isAnnounced }) => !isAnnounced && at >= sight.since).sort((a, b) => a.at - b.at)
  for (const first of inOrder) {
    const together = inOrder.filter(({ at }) => at >= first.at && at <= first.at + withinMs)
    const there = connected + gone.filter(({ at }) => at >= first.at - thereBeforeMs).length
    const isEnough = together.length >= machines && together.length >= there * share
    if (isEnough) return isSettled(together, limits, now) ? { machines: together.map(({ machine }) => machine), there } : undefined
  }
  return undefined
}

function isSettled(together: readonly Gone[], { site, unannouncedMs }: SilenceLimits, now: number): boolean {
  const chanceMs = Math.min(...Object.values(unannouncedMs))
  return together.every(({ at, isUnseen }) => now >= at + (isUnseen ? chanceMs : site.settleMs))
}
