import { z } from 'zod'
import { BulkDetail, BulkList, BulkPlan, type NewBulk } from '#shared/api/bulk.ts'
import { CommandAsked } from '#shared/api/commands.ts'
import type { Call } from './call.ts'

const Ignored = z.unknown()

export type BulkVerb = 'stop' | 'go-on' | 'end'

/** The routes for what is asked of many machines at once. */
export const createBulk = (call: Call) => ({
  bulks: (stop?: AbortSignal) => call('/bulk', BulkList, stop ? { stop } : {}),
  bulk: (id: string, stop?: AbortSignal) => call(`/bulk/${encodeURIComponent(id)}`, BulkDetail, stop ? { stop } : {}),
  planBulk: (body: NewBulk) => call('/bulk/plan', BulkPlan, { method: 'POST', body }),
  askBulk: (body: NewBulk) => call('/bulk', CommandAsked, { method: 'POST', body, idempotencyKey: crypto.randomUUID() }),
  actOnBulk: (id: string, verb: BulkVerb, reason: string) =>
    call(`/bulk/${encodeURIComponent(id)}/${verb}`, Ignored, { method: 'POST', body: { reason } }),
})
