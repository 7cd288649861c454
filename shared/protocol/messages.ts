import { z } from 'zod'
import { GoodbyeReason, IsolationStatus } from '../domain/endpoint.ts'
import { NeighbourPlace } from '../domain/neighbours.ts'
import { DocumentFrame, DocumentNumbers } from './document.ts'
import { maxRecordsPerFrame } from './limits.ts'
import { Lane } from './record.ts'

/** 0 means "nothing yet"; the first record of a lane is 1. */
const seq = z.number().int().nonnegative()
const epoch = z.string().min(8).max(64)
const id = z.string().min(8).max(64)

// ── agent → collector ────────────────────────────────────────────────────────────────────────────────────────────────

export const Hello = z.object({
  kind: z.literal('hello'),
  protocolMinor: z.number().int().nonnegative(),
  agentVersion: z.string().max(50),
  /** Named abilities; neither side sends what the other did not name. */
  capabilities: z.array(z.string().max(50)).max(50),
  hostname: z.string().max(253),
  /** Agent's clock, epoch ms. */
  now: z.number().int(),
  epoch,
  /** Per lane the last record ever appended in this epoch. */
  last: z.record(Lane, seq),
  isolation: IsolationStatus,
  /** Absent from agents that know no documents. */
  documents: DocumentNumbers.optional(),
})

/** `body` stays raw here: one record that can't be accepted is refused alone (invariant 1). Seqs rise by one. */
export const Records = z.object({
  kind: z.literal('records'),
  epoch,
  lane: Lane,
  /** Agent's clock when this was sent: by it the collector knows how old a record is, whoever's clock was set since hello. */
  now: z.number().int().optional(),
  records: z
    .array(z.object({ seq: seq.min(1), body: z.unknown() }))
    .min(1)
    .max(maxRecordsPerFrame),
})

/** Records `from`…`to` (both included) will never come; `why` is for people. */
export const Skipped = z.object({
  kind: z.literal('skipped'),
  epoch,
  lane: Lane,
  from: seq.min(1),
  to: seq.min(1),
  why: z.string().max(300),
})

/** The command reached this agent and stands in its journal. A hint; the result is the fact. */
export const Received = z.object({ kind: z.literal('received'), commandId: id, at: z.number().int() })

/** What one frame may say of what a command writes. */
export const maxLiveChars = 8_192

/**
 * How a command comes along: the first says that it runs. A hint: what is lost is not said again; the result is the fact.
 * Sent only to a collector that names `progress`, and no more than a few a second.
 */
export const Progress = z.object({
  kind: z.literal('progress'),
  commandId: id,
  /** Of what it has to do, where it knows. */
  done: z.number().min(0).max(1).optional(),
  note: z.string().max(200).optional(),
  /** What it wrote since the frame before. */
  text: z.string().max(maxLiveChars).optional(),
  /** There was more than is told live. */
  isCut: z.boolean().optional(),
})
export type Progress = z.infer<typeof Progress>

export const AgentGoodbye = z.object({ kind: z.literal('goodbye'), reason: GoodbyeReason })

export const AgentMessage = z.discriminatedUnion('kind', [Hello, Records, Skipped, Received, Progress, DocumentFrame, AgentGoodbye])
export type AgentMessage = z.infer<typeof AgentMessage>

// ── collector → agent ────────────────────────────────────────────────────────────────────────────────────────────────

/** Per lane the last record of the agent's epoch that is committed here; absent lanes are 0. */
const Cursors = z.partialRecord(Lane, seq)

export const Welcome = z.object({
  kind: z.literal('welcome'),
  protocolMinor: z.number().int().nonnegative(),
  collectorVersion: z.string().max(50),
  capabilities: z.array(z.string().max(50)).max(50),
  /** Collector's clock, epoch ms; the agent keeps the latest it has ever seen (invariant 11). */
  now: z.number().int(),
  endpointId: id,
  cursors: Cursors,
  /** How many records may be unacknowledged at once. */
  credit: z.number().int().positive(),
  /** Absent from collectors that know no documents. */
  documents: DocumentNumbers.optional(),
})

/** Everything of this lane up to and including `seq` is committed. */
export const Ack = z.object({ kind: z.literal('ack'), epoch, lane: Lane, seq, credit: z.number().int().positive(), now: z.number().int() })

/** This record was kept raw, counts as handled, and the cursor passes it. */
export const Refused = z.object({ kind: z.literal('refused'), epoch, lane: Lane, seq: seq.min(1), reason: z.string().max(500) })

/** A signed order: compact JWS over a CommandOrder, by the collector or an operator; `also` are others over the same bytes. */
export const Command = z.object({
  kind: z.literal('command'),
  id,
  jws: z.string().max(65_536),
  also: z.array(z.string().max(65_536)).max(3).optional(),
})

/** Somebody looks at this endpoint: send samples at once instead of six at a time. */
export const Watch = z.object({ kind: z.literal('watch'), isWatched: z.boolean() })

/**
 * A machine of this network is about to be isolated: whether it answers now is what its silence afterwards is held against. A hint.
 * `isLasting`: these stand beside this machine, and are asked from now on, in place of whoever was named so before.
 */
export const Neighbours = z.object({
  kind: z.literal('neighbours'),
  places: z.array(NeighbourPlace).max(4),
  isLasting: z.boolean().optional(),
})

/** The collector goes away on purpose; come back after `retryAfterMs`, which differs from agent to agent. */
export const CollectorGoodbye = z.object({
  kind: z.literal('goodbye'),
  reason: z.enum(['shutdown', 'restart']),
  retryAfterMs: z.number().int().nonnegative(),
})

export const CollectorMessage = z.discriminatedUnion('kind', [
  Welcome,
  Ack,
  Refused,
  Command,
  Watch,
  Neighbours,
  DocumentFrame,
  CollectorGoodbye,
])
export type CollectorMessage = z.infer<typeof CollectorMessage>
