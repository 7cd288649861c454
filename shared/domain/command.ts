import { z } from 'zod'

const ways = ['requested', 'unsigned', 'queued', 'sent', 'held', 'delivered', 'running'] as const
const ends = ['succeeded', 'failed', 'refused', 'expired', 'unknown', 'dropped'] as const

/**
 * The life of a command as the collector knows it; each step is a fact with its instant. `unsigned`: it waits for operators'
 * signatures; `held`: it had not arrived when the backup was made that this collector was restored from, and a person says
 * whether it goes out; `dropped`: it doesn't. `delivered`: it stands in its machine's journal, and may wait there for its turn.
 */
export const CommandStatus = z.enum([...ways, ...ends])
export type CommandStatus = z.infer<typeof CommandStatus>

/** Nobody has said that it arrived: after a restore it waits for a person. */
export const isUnderWay = (status: CommandStatus): boolean => ['requested', 'unsigned', 'queued', 'sent'].includes(status)

/**
 * What a person says to a command that is held. It ends as `dropped` either way: to send it is to ask anew, by another
 * command. Under its old id an agent that has run it since would only answer with what it did then.
 */
export const HeldAnswer = z.enum(['send', 'drop'])
export type HeldAnswer = z.infer<typeof HeldAnswer>

/** What a person found out about one whose outcome nobody knew. */
export const FoundOutcome = z.enum(['succeeded', 'failed'])
export type FoundOutcome = z.infer<typeof FoundOutcome>
export const FoundOut = z.object({ outcome: FoundOutcome, note: z.string(), by: z.string(), at: z.number().int() })
export type FoundOut = z.infer<typeof FoundOut>

/** What an agent answers. `unknown`: found started but unfinished after a crash; it is not run again. */
export const CommandOutcome = z.enum(['succeeded', 'failed', 'refused', 'expired', 'unknown'])
export type CommandOutcome = z.infer<typeof CommandOutcome>

/** `protective`: the collector's own key may sign it. */
export const Risk = z.enum(['protective', 'low', 'medium', 'high'])
export type Risk = z.infer<typeof Risk>

/**
 * How an order over many machines goes out, in the order of its list, and from how many failures of a stage on it stops. For
 * the people who sign it; agents look at none of it.
 */
export const Staged = z.object({
  sizes: z.array(z.number().int().positive()).min(1).max(3),
  failPercent: z.number().int().min(0).max(100),
  waitMs: z.number().int().positive(),
})

/** Of the payload, in UTF-8: in base64url, with header and signature, it is a little under the 65,536 characters of a JWS. */
export const maxOrderBytes = 48_000

/** The signed payload of a command's JWS (EdDSA, compact, header `typ: tierline-command+jws`, `kid` the RFC 7638 thumbprint). */
export const CommandOrder = z.object({
  id: z.string().min(8).max(64),
  verb: z.string().min(1).max(100),
  args: z.record(z.string(), z.unknown()),
  /** The explicit list of endpoints this may run on. */
  endpoints: z.array(z.string().max(64)).min(1).max(1_000),
  nonce: z.string().min(16).max(64),
  /** Collector's clock, epoch ms. */
  issuedAt: z.number().int(),
  expiresAt: z.number().int(),
  /** For people: who asked and why. Never acted on. */
  requestedBy: z.string().max(200),
  reason: z.string().max(500),
  staged: Staged.optional(),
  /** `<number>:<SHA-256>` of the audit's last line when this was prepared: whoever signs the order signs that it stood so. */
  auditHead: z.string().max(100).optional(),
})
export type CommandOrder = z.infer<typeof CommandOrder>
