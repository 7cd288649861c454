import { z } from 'zod'
import { type NewStanding, StandingAsked, StandingList } from '#shared/api/standing.ts'
import type { Call } from './call.ts'
import { paged } from './paged.ts'

/** The routes for what machines do by themselves. */
export const createStanding = (call: Call) => ({
  standingOrders: (before?: string, stop?: AbortSignal) => call(paged('/standing-orders', { before }), StandingList, stop ? { stop } : {}),
  askStanding: (body: NewStanding) =>
    call('/standing-orders', StandingAsked, { method: 'POST', body, idempotencyKey: crypto.randomUUID() }),
  withdrawStanding: (id: string, reason: string) =>
    call(`/standing-orders/${encodeURIComponent(id)}/withdraw`, z.unknown(), { method: 'POST', body: { reason } }),
})
