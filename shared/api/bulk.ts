import { z } from 'zod'
import { BulkStatus, maxBulkEndpoints } from '../domain/bulk.ts'
import { newestFirst } from './page.ts'

/**
 * POST /api/bulk: one order for many machines of one organisation; 202 with its id. POST /api/bulk/plan takes the same and
 * answers what would become of it; nothing goes out.
 */
export const NewBulk = z.object({
  organisationId: z.string().max(64),
  verb: z.string().min(1).max(100),
  args: z.record(z.string(), z.unknown()).default({}),
  reason: z.string().trim().min(1).max(500),
  endpoints: z.array(z.string().max(64)).min(1).max(maxBulkEndpoints),
  /** From more failures of a stage on it stops; the first stage may not fail at all. */
  failPercent: z.number().int().min(0).max(100).default(10),
  /** How long a stage waits for those that are connected and haven't answered. */
  waitMinutes: z.number().int().min(1).max(1_440).default(10),
  /** How long it is good for. */
  hours: z.number().int().min(1).max(144).default(24),
  /** Without stages; only for what is against an attack. */
  isAtOnce: z.boolean().default(false),
})
export type NewBulk = z.input<typeof NewBulk>

export const BulkPlan = z.object({
  /** How many machines each stage has, in the order of `machines`. */
  stages: z.array(z.number().int()),
  machines: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      /** The first is 1. */
      stage: z.number().int(),
      isConnected: z.boolean(),
      /** Why it can't be asked; null: it can. */
      why: z.string().nullable(),
    }),
  ),
  /** Why operators have to sign; null: the collector's key is enough. */
  operators: z.object({ why: z.string(), needed: z.number().int() }).nullable(),
  /** Why it can't be asked for as one order; null: it can. */
  refused: z.string().nullable(),
})
export type BulkPlan = z.infer<typeof BulkPlan>

const counts = z.object({
  waiting: z.number().int(),
  underWay: z.number().int(),
  succeeded: z.number().int(),
  failed: z.number().int(),
  dropped: z.number().int(),
})

export const BulkSummary = z.object({
  id: z.string(),
  organisation: z.object({ id: z.string(), name: z.string() }),
  verb: z.string(),
  status: BulkStatus,
  /** Why it is stopped, ended, or waits for operators; empty otherwise. */
  note: z.string(),
  risk: z.string(),
  requestedBy: z.string(),
  reason: z.string(),
  requestedAt: z.number().int(),
  expiresAt: z.number().int(),
  settledAt: z.number().int().nullable(),
  failPercent: z.number().int(),
  /** How many stages have begun. */
  stage: z.number().int(),
  stages: z.array(z.object({ size: z.number().int(), ...counts.shape })),
})
export type BulkSummary = z.infer<typeof BulkSummary>

/** GET /api/bulk: the newest first, of one organisation where it is named. */
export const BulkQuery = z.object({ organisationId: z.string().max(64).optional(), ...newestFirst(100) })
export const BulkList = z.object({ bulks: z.array(BulkSummary), hasMore: z.boolean() })
export type BulkList = z.infer<typeof BulkList>

/** GET /api/bulk/:id: with its machines, in the order of their turns. A hint of `live` with the topic `bulk` says that it changed. */
export const BulkDetail = z.object({
  ...BulkSummary.shape,
  args: z.record(z.string(), z.unknown()),
  signedBy: z.array(z.string()),
  machines: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      stage: z.number().int(),
      /** null: its turn hasn't come. */
      commandId: z.string().nullable(),
      status: z.string().nullable(),
      /** What it said; text of a machine. */
      detail: z.string().nullable(),
      settledAt: z.number().int().nullable(),
    }),
  ),
})
export type BulkDetail = z.infer<typeof BulkDetail>

/** POST /api/bulk/:id/stop, /go-on, /end; each 204. To stop, or to end, takes back what has not arrived; only what is stopped goes on. */
export const BulkAct = z.object({ reason: z.string().trim().min(1).max(500) })
