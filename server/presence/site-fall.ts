import type { Machine, Place, Sight } from './judgement.ts'
import { leastChanceMs, type SilenceLimits } from './limits.ts'

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
export function fallOf(
  gone: readonly Gone[],
  { connected, left }: Pick<Place, 'connected' | 'left'>,
  sight: Sight,
  limits: SilenceLimits,
  now: number,
): Fall | undefined {
  const { machines, share, withinMs, thereBeforeMs } = limits.site
  const instants = [...gone.map(({ at }) => at), ...left].sort((a, b) => a - b)
  // What went before we could see says nothing about how it went.
  const inOrder = gone.filter(({ at, isAnnounced }) => !isAnnounced && at >= sight.since).sort((a, b) => a.at - b.at)
  let end = 0
  let wereGone = 0
  for (const [index, first] of inOrder.entries()) {
    while ((inOrder[end]?.at ?? Number.POSITIVE_INFINITY) <= first.at + withinMs) end += 1
    while ((instants[wereGone] ?? Number.POSITIVE_INFINITY) < first.at - thereBeforeMs) wereGone += 1
    const there = connected + instants.length - wereGone
    const count = end - index
    if (count < machines || count < there * share) continue
    const fallen = inOrder.slice(index, end)
    return isSettled(fallen, limits, now) ? { machines: fallen.map(({ machine }) => machine), there } : undefined
  }
  return undefined
}

function isSettled(fallen: readonly Gone[], limits: SilenceLimits, now: number): boolean {
  return fallen.every(({ at, isUnseen }) => now >= at + (isUnseen ? leastChanceMs(limits) : limits.site.settleMs))
}
