import { z } from 'zod'
import { BulkDetail, BulkList, BulkPlan, type NewBulk } from '#shared/api/bulk.ts'
import { CommandAsked } from '#shared/api/commands.ts'
import type { Call } from './call.ts'
import { paged } from './paged.ts'

const Ignored = z.unknown()

export type BulkVerb = 'stop' | 'go-on' | 'end'

/** The routes for what is asked of many machines at once. */
export const createBulk = (call: Call) => ({
  bulks: (before?: string, stop?: AbortSignal) => call(paged('/bulk', { before }), BulkList, stop ? { stop } : {}),
  bulk: (id: string, stop?: AbortSignal) => call(`/bulk/${encodeURIComponent(id)}`, BulkDetail, stop ? { stop } : {}),
  planBulk: (body: NewBulk) => call('/bulk/plan', BulkPlan, { method: 'POST', body }),
  askBulk: (body: NewBulk) => call('/bulk', CommandAsked, { method: 'POST', body, idempotencyKey: crypto.randomUUID() }),
  actOnBulk: (id: string, verb: BulkVerb, reason: string) =>
    call(`/bulk/${encodeURIComponent(id)}/${verb}`, Ignored, { method: 'POST', body: { reason } }),
})
