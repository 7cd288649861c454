import { z } from 'zod'
import { CommandOutcome } from '../domain/command.ts'
import { IsolationStatus } from '../domain/endpoint.ts'
import { Inventory } from '../domain/inventory.ts'
import { AtMachine } from '../domain/release-code.ts'
import { Sample } from '../domain/sample.ts'
import { SampleColumns } from '../domain/sample-columns.ts'
import { isSecurity, Signal, StandingSignal } from '../domain/signal.ts'
import { Software } from '../domain/software.ts'
import { RuleList, WatchedRules } from '../domain/watched-rules.ts'
import { StandingRun } from './standing-order.ts'

/** What the agent must not lose, in the order in which it is sent. */
export const Lane = z.enum(['security', 'signals', 'inventory', 'samples'])
export type Lane = z.infer<typeof Lane>

export const SignalRecord = z.object({ v: z.literal(1), type: z.literal('signal'), signal: Signal })

/** What became of a command; spooled like any signal, so it survives the isolation it reports. */
export const ResultRecord = z.object({
  v: z.literal(1),
  type: z.literal('result'),
  commandId: z.string().min(8).max(64),
  verb: z.string().max(100),
  outcome: CommandOutcome,
  startedAt: z.number().int().nullable(),
  finishedAt: z.number().int(),
  /** One sentence. */
  detail: z.string().max(1_000),
  output: z.record(z.string(), z.unknown()).optional(),
  /** Present when the command was about isolation. */
  isolation: IsolationStatus.optional(),
  /** Present when nobody sent the command: a standing order was due. */
  standing: StandingRun.optional(),
  /** Present when it is about the person at the isolated machine. */
  atMachine: AtMachine.optional(),
})
export type ResultRecord = z.infer<typeof ResultRecord>

/**
 * Everything that is true now in this record's lane (signals or security). Spooled once a connection, in order with
 * the signals, so that it can never contradict a signal that is still on its way. The collector opens and clears the
 * difference.
 */
export const StandingRecord = z.object({ v: z.literal(1), type: z.literal('standing'), signals: z.array(StandingSignal).max(500) })

export const InventoryRecord = z.object({ v: z.literal(1), type: z.literal('inventory'), at: z.number().int(), inventory: Inventory })

/** Only to a collector that names `software`. */
export const SoftwareRecord = z.object({ v: z.literal(1), type: z.literal('software'), at: z.number().int(), software: Software })

/** Both only to a collector that names `rules`. A list comes before the first record that names it. */
export const RuleListRecord = z.object({ v: z.literal(1), type: z.literal('rule-list'), list: RuleList })
export const WatchedRulesRecord = z.object({
  v: z.literal(1),
  type: z.literal('watched-rules'),
  at: z.number().int(),
  watched: WatchedRules,
})

/** Samples one by one, as anybody may send them; agents send them in columns. */
export const SamplesRecord = z.object({ v: z.literal(1), type: z.literal('samples'), samples: z.array(Sample).min(1).max(60) })

export const SampleColumnsRecord = z.object({ v: z.literal(1), type: z.literal('sample-columns'), samples: SampleColumns })

/** What stands in a spool, and, one by one, in a `records` frame. `v` is the record format's version. */
export const RecordBody = z.discriminatedUnion('type', [
  SignalRecord,
  ResultRecord,
  StandingRecord,
  InventoryRecord,
  SoftwareRecord,
  RuleListRecord,
  WatchedRulesRecord,
  SamplesRecord,
  SampleColumnsRecord,
])
export type RecordBody = z.infer<typeof RecordBody>

/** Security before health, numbers last (invariant 9). */
export function laneOf(body: RecordBody): Lane {
  switch (body.type) {
    case 'signal':
      return isSecurity(body.signal.kind) ? 'security' : 'signals'
    case 'standing':
      throw new TypeError('a standing record is made for a lane; append it to that lane')
    case 'result':
      return 'security'
    case 'inventory':
    case 'software':
    case 'rule-list':
    case 'watched-rules':
      return 'inventory'
    case 'samples':
    case 'sample-columns':
      return 'samples'
  }
}
