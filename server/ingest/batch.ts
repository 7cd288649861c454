import type { Insertable } from 'kysely'
import { v7 as orderedId } from 'uuid'
import type { Inventory } from '#shared/domain/inventory.ts'
import { plainText } from '#shared/domain/plain-text.ts'
import { columnsOf, type SampleColumns } from '#shared/domain/sample-columns.ts'
import { isSecurity, type Signal, type StandingSignal } from '#shared/domain/signal.ts'
import type { Software } from '#shared/domain/software.ts'
import type { RuleList, WatchedRules } from '#shared/domain/watched-rules.ts'
import type { Lane, ResultRecord } from '#shared/protocol/record.ts'
import type { Database } from '../store/schema.ts'
import type { Entry } from './read-record.ts'
import { type From, ownRow, type SignalRow, sentRow, standingRow } from './rows.ts'
import { difference } from './standing.ts'
import { losesSignals, loss, refusal } from './troubles.ts'

export type Job =
  | { kind: 'records'; from: From; epoch: string; lane: Lane; entries: readonly Entry[] }
  | { kind: 'skipped'; from: From; epoch: string; lane: Lane; fromSeq: number; toSeq: number; why: string }
  | { kind: 'signals'; rows: (receivedAt: number) => SignalRow[] }

/** `seq`: everything of this lane up to it is committed. `gap`: the next record to come is seq + 1, and another came. */
export type Taken = { kind: 'taken' | 'gap'; seq: number; refused: { seq: number; reason: string }[] }

type CursorRow = Insertable<Database['cursors']>

/** What is true now, of one endpoint and lane, as far as it is committed. */
export type KnownConditions = (endpointId: string, lane: Lane) => readonly StandingSignal[]

/** The last word of a batch on a condition; `null`: it ended. */
export interface Change {
  endpointId: string
  fingerprint: string
  lane: Lane
  signal: StandingSignal | null
}

/** Of one endpoint and one record, in the record's order. */
export interface TakenSamples {
  from: From
  columns: SampleColumns
}

/** Everything one transaction will write, gathered in memory from all that has arrived. */
export interface Batch {
  receivedAt: number
  cursors: Map<string, CursorRow>
  /** Those that this batch moved on. */
  moved: Set<CursorRow>
  signals: SignalRow[]
  /** By endpoint and fingerprint. */
  conditions: Map<string, Change>
  samples: TakenSamples[]
  inventories: Map<string, { from: From; at: number; inventory: Inventory }>
  /** By endpoint: the last word counts. */
  software: Map<string, { at: number; software: Software }>
  rules: { lists: { endpointId: string; list: RuleList }[]; watched: Map<string, WatchedRules> }
  results: { endpointId: string; result: ResultRecord }[]
  refused: Insertable<Database['refused_records']>[]
  gaps: Insertable<Database['gaps']>[]
  /** Endpoints of which it is told that a record was refused. */
  told: Set<string>
  isTold(endpointId: string): boolean
}

/** `isTold`: it was told of this endpoint a moment ago. */
export function emptyBatch(receivedAt: number, isTold: (endpointId: string) => boolean): Batch {
  const lists = { signals: [], samples: [], results: [], refused: [], gaps: [] }
  const sets = {
    cursors: new Map(),
    moved: new Set<CursorRow>(),
    conditions: new Map(),
    inventories: new Map(),
    software: new Map(),
    rules: { lists: [], watched: new Map() },
    told: new Set<string>(),
  }
  return { receivedAt, ...lists, ...sets, isTold }
}

export const cursorKey = (row: { endpoint_id: string; epoch: string; lane: Lane }): string => `${row.endpoint_id} ${row.epoch} ${row.lane}`

/** Adds a job; only what follows the cursor without a hole is taken, and what lies before it is there already. */
export function addJob(batch: Batch, job: Job, known: KnownConditions): Taken {
  if (job.kind === 'signals') {
    batch.signals.push(...job.rows(batch.receivedAt))
    return { kind: 'taken', seq: 0, refused: [] }
  }
  const cursor = cursorOf(batch, job)
  return job.kind === 'skipped' ? addSkipped(batch, job, cursor) : addRecords(batch, job, cursor, known)
}

function cursorOf(batch: Batch, { from, epoch, lane }: { from: From; epoch: string; lane: Lane }): CursorRow {
  const fresh: CursorRow = { endpoint_id: from.endpointId, epoch: plainText(epoch), lane, seq: 0, moved_at: batch.receivedAt }
  const key = cursorKey(fresh)
  const row = batch.cursors.get(key) ?? fresh
  batch.cursors.set(key, row)
  return row
}

function moveTo(batch: Batch, cursor: CursorRow, seq: number): void {
  cursor.seq = seq
  cursor.moved_at = batch.receivedAt
  batch.moved.add(cursor)
}

function addSkipped(batch: Batch, job: Extract<Job, { kind: 'skipped' }>, cursor: CursorRow): Taken {
  if (job.fromSeq > cursor.seq + 1) return { kind: 'gap', seq: cursor.seq, refused: [] }
  if (job.toSeq > cursor.seq) {
    const { endpoint_id, epoch, lane } = cursor
    const gap = { lane, from: cursor.seq + 1, to: job.toSeq, why: plainText(job.why) }
    const place = { id: orderedId(), endpoint_id, epoch, lane, noticed_at: batch.receivedAt }
    batch.gaps.push({ ...place, from_seq: gap.from, to_seq: gap.to, why: gap.why })
    if (losesSignals(lane)) batch.signals.push(ownRow(loss(job.from, gap), batch.receivedAt))
    moveTo(batch, cursor, job.toSeq)
  }
  return { kind: 'taken', seq: cursor.seq, refused: [] }
}

function addRecords(batch: Batch, job: Extract<Job, { kind: 'records' }>, cursor: CursorRow, known: KnownConditions): Taken {
  const refused: Taken['refused'] = []
  for (const entry of job.entries) {
    if (entry.seq <= cursor.seq) continue
    if (entry.seq > cursor.seq + 1) return { kind: 'gap', seq: cursor.seq, refused }
    if ('refused' in entry) refused.push(addRefused(batch, job, entry))
    else addRecord(batch, job, entry.record, known)
    moveTo(batch, cursor, entry.seq)
  }
  return { kind: 'taken', seq: cursor.seq, refused }
}

type Records = Extract<Job, { kind: 'records' }>

/** Kept as it came, counted as handled, and told in one ticket per endpoint, once a minute: no record stops a lane. */
function addRefused(
  batch: Batch,
  { from, epoch, lane }: Records,
  entry: Extract<Entry, { refused: string }>,
): { seq: number; reason: string } {
  const { seq, refused: reason } = entry
  const raw = plainText(entry.raw)
  const place = { id: orderedId(), endpoint_id: from.endpointId, epoch: plainText(epoch), lane, seq, received_at: batch.receivedAt }
  batch.refused.push({ ...place, reason: plainText(reason), raw })
  if (!batch.told.has(from.endpointId) && !batch.isTold(from.endpointId)) {
    batch.told.add(from.endpointId)
    batch.signals.push(ownRow(refusal(from, { lane, seq, reason, raw }), batch.receivedAt))
  }
  return { seq, reason }
}

function addRecord(
  batch: Batch,
  { from, lane }: Records,
  record: Extract<Entry, { record: unknown }>['record'],
  known: KnownConditions,
): void {
  switch (record.type) {
    case 'signal':
      addSignal(batch, from, record.signal)
      return
    case 'standing':
      addStanding(batch, { from, lane }, record.signals, known)
      return
    case 'samples':
      for (const columns of columnsOf(record.samples)) batch.samples.push({ from, columns })
      return
    case 'sample-columns':
      batch.samples.push({ from, columns: record.samples })
      return
    case 'inventory':
      batch.inventories.set(from.endpointId, { from, at: record.at, inventory: record.inventory })
      return
    case 'software':
      batch.software.set(from.endpointId, { at: record.at, software: record.software })
      return
    case 'rule-list':
      batch.rules.lists.push({ endpointId: from.endpointId, list: record.list })
      return
    case 'watched-rules':
      batch.rules.watched.set(from.endpointId, record.watched)
      return
    case 'result':
      batch.results.push({ endpointId: from.endpointId, result: record })
  }
}

function addSignal(batch: Batch, from: From, signal: Signal): void {
  batch.signals.push(sentRow(from, signal, batch.receivedAt))
  const { state, ...standing } = signal
  if (state !== 'happened') setCondition(batch, from, standing, state === 'raised')
}

function addStanding(batch: Batch, place: { from: From; lane: Lane }, listed: readonly StandingSignal[], known: KnownConditions): void {
  const { from, lane } = place
  const { raised, cleared } = difference(listed, conditionsNow(batch, place, known))
  for (const [signals, state] of [
    [raised, 'raised'],
    [cleared, 'cleared'],
  ] as const) {
    for (const signal of signals) {
      batch.signals.push(standingRow(from, signal, state, batch.receivedAt))
      setCondition(batch, from, signal, state === 'raised', lane)
    }
  }
}

/** What is committed, overlaid by what this batch has changed so far. */
function conditionsNow(batch: Batch, { from, lane }: { from: From; lane: Lane }, known: KnownConditions): Map<string, StandingSignal> {
  const now = new Map(known(from.endpointId, lane).map((signal) => [signal.fingerprint, signal]))
  for (const { endpointId, lane: ofLane, fingerprint, signal } of batch.conditions.values()) {
    if (endpointId !== from.endpointId || ofLane !== lane) continue
    if (signal) now.set(fingerprint, signal)
    else now.delete(fingerprint)
  }
  return now
}

function setCondition(
  batch: Batch,
  { endpointId }: From,
  signal: StandingSignal,
  isTrue: boolean,
  lane: Lane = isSecurity(signal.kind) ? 'security' : 'signals',
): void {
  const fingerprint = plainText(signal.fingerprint)
  batch.conditions.set(`${endpointId} ${fingerprint}`, { endpointId, fingerprint, lane, signal: isTrue ? signal : null })
}
