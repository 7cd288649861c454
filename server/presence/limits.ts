import { missingAfterMs, type Role } from '#shared/domain/endpoint.ts'
import { hours, minutes } from '#shared/domain/time.ts'

/** How long is too long. */
export interface SilenceLimits {
  /** Who went without a word. A machine nobody knows counts as a server. */
  unannouncedMs: Record<Exclude<Role, 'unknown'>, number>
  rebootMs: number
  shutdownMs: number
  /**
   * A site falls silent when so many, and such a share of those that were there before, go within one window. After
   * `visitAfterMs` of its silence somebody has to go there.
   */
  site: { machines: number; share: number; withinMs: number; thereBeforeMs: number; settleMs: number; visitAfterMs: number }
  /** A workstation of which nothing was heard for so long is on the monthly list. */
  missingMs: number
}

export const defaultLimits: SilenceLimits = {
  unannouncedMs: { workstation: minutes(5), server: minutes(5), core: minutes(3) },
  rebootMs: minutes(20),
  shutdownMs: hours(12),
  // Window and settling together are no longer than the shortest limit of one machine, or that would be said first.
  site: {
    ...{ machines: 3, share: 0.5, withinMs: minutes(2), thereBeforeMs: minutes(5), settleMs: minutes(1) },
    visitAfterMs: minutes(30),
  },
  missingMs: missingAfterMs,
}

/** The chance to return that everybody has at least. */
export const leastChanceMs = ({ unannouncedMs }: SilenceLimits): number => Math.min(...Object.values(unannouncedMs))
