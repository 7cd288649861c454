import { type Insertable, sql } from 'kysely'
import type { Inventory } from '#shared/domain/inventory.ts'
import type { StandingSignal } from '#shared/domain/signal.ts'
import type { Software } from '#shared/domain/software.ts'
import type { Lane, ResultRecord } from '#shared/protocol/record.ts'
import type { Database } from '../store/schema.ts'
import type { Store, Tx } from '../store/store.ts'
import type { Batch, Job, KnownConditions, TakenSamples } from './batch.ts'
import type { Kept } from './kept.ts'
import type { SignalRow } from './rows.ts'

/** What other stages keep inside ingest's transaction, each in its own tables. */
export interface Keepers {
  keepSamples(tx: Tx, taken: readonly TakenSamples[]): Promise<void>
  /** The transaction of the latest of them is committed. */
  samplesKept?(): void
  /** @param at by the agent’s clock. */
  keepInventory(tx: Tx, endpointId: string, at: number, inventory: Inventory, receivedAt: number): Promise<void>
  keepSoftware?(tx: Tx, endpointId: string, at: number, software: Software): Promise<void>
  keepRules?(tx: Tx, told: Batch['rules'], receivedAt: number): Promise<void>
  /** Signals as they are stored: those of rules that are armed here with their own level. */
  withArmed?(signals: SignalRow[]): Promise<SignalRow[]>
  keepResults(tx: Tx, results: readonly { endpointId: string; result: ResultRecord }[], receivedAt: number): Promise<void>
}

/** An honest agent lists at most half as many; one that raises without end holds up nobody else's commit with its list. */
const maxCompared = 1_000

/** Raw records and gaps kept per endpoint, and those that came since it was trimmed; the newest tell most. */
const maxKeptPerEndpoint = 1_000

/** How many have come, of each table. */
export interface KeptOfAll {
  refused: Kept
  gaps: Kept
}

/**
 * Of the endpoints and lanes that list what is true, in one statement: a fleet that comes back brings dozens of them in each
 * commit, and a statement for each cost 0.09 ms of a core instead of 0.013.
 */
export async function loadConditions({ db, capabilities }: Store, jobs: readonly Job[]): Promise<KnownConditions> {
  const places = new Map(jobs.flatMap((job) => (listsConditions(job) ? [[placeKey(job.from.endpointId, job.lane), placeOf(job)]] : [])))
  if (places.size === 0) return () => []
  const { rows } = await sql<{ endpoint_id: string; lane: Lane; signals: string | null }>`
    select wanted.endpoint_id, wanted.lane, (
      select string_agg(known.signal, ',') from (
        select signal from conditions
        where conditions.endpoint_id = wanted.endpoint_id and conditions.lane = wanted.lane limit ${sql.lit(maxCompared)}
      ) as known) as signals
    from ${capabilities.listed({ endpoint_id: 'text', lane: 'text' }, [...places.values()])} as wanted`.execute(db)
  const known = new Map(rows.map(({ endpoint_id, lane, signals }) => [placeKey(endpoint_id, lane), signals]))
  return (endpointId, lane) => JSON.parse(`[${known.get(placeKey(endpointId, lane)) ?? ''}]`) as StandingSignal[]
}

type Records = Extract<Job, { kind: 'records' }>

const listsConditions = (job: Job): job is Records =>
  job.kind === 'records' && job.entries.some((entry) => 'record' in entry && entry.record.type === 'standing')
const placeOf = ({ from, lane }: Records) => ({ endpoint_id: from.endpointId, lane })
const placeKey = (endpointId: string, lane: Lane): string => `${endpointId} ${lane}`

/** Where one batch goes, and what bounds it. */
export interface Place {
  capabilities: Store['capabilities']
  keepers: Keepers
  kept: KeptOfAll
}

export async function keepBatch(tx: Tx, batch: Batch, { capabilities, keepers, kept }: Place): Promise<void> {
  const { putRows } = capabilities
  await putRows(tx, 'signals', batch.signals, 'ignore')
  await keepConditions(tx, batch, capabilities)
  await putRows(tx, 'refused_records', batch.refused, 'ignore')
  await putRows(tx, 'gaps', batch.gaps, 'ignore')
  await boundKept(tx, batch, capabilities, kept)
  if (batch.samples.length > 0) await keepers.keepSamples(tx, batch.samples)
  for (const { from, at, inventory } of batch.inventories.values())
    await keepers.keepInventory(tx, from.endpointId, at, inventory, batch.receivedAt)
  for (const [endpointId, { at, software }] of batch.software) await keepers.keepSoftware?.(tx, endpointId, at, software)
  if (batch.rules.lists.length + batch.rules.watched.size > 0) await keepers.keepRules?.(tx, batch.rules, batch.receivedAt)
  if (batch.results.length > 0) await keepers.keepResults(tx, batch.results, batch.receivedAt)
  await putRows(tx, 'cursors', [...batch.moved], { replaceWhere: ['endpoint_id', 'epoch', 'lane'] })
}

async function keepConditions(tx: Tx, batch: Batch, { putRows, dropRows }: Store['capabilities']): Promise<void> {
  const began: Insertable<Database['conditions']>[] = []
  const ended: { endpoint_id: string; fingerprint: string }[] = []
  for (const { endpointId: endpoint_id, fingerprint, lane, signal } of batch.conditions.values()) {
    if (signal) began.push({ endpoint_id, fingerprint, lane, signal: JSON.stringify(signal), raised_at: batch.receivedAt })
    else ended.push({ endpoint_id, fingerprint })
  }
  await putRows(tx, 'conditions', began, { replaceWhere: ['endpoint_id', 'fingerprint'] })
  await dropRows(tx, 'conditions', ended)
}

/** Newest first by the indexes that are there. */
async function boundKept(tx: Tx, batch: Batch, { post }: Store['capabilities'], kept: KeptOfAll): Promise<void> {
  for (const endpointId of kept.refused.crowdedBy(batch.refused)) {
    const theirs = tx.selectFrom('refused_records').select('id').where('endpoint_id', '=', endpointId)
    const tooOld = theirs.orderBy('received_at', 'desc').limit(maxKeptPerEndpoint).offset(maxKeptPerEndpoint)
    await post(tx, tx.deleteFrom('refused_records').where('id', 'in', tooOld))
  }
  for (const endpointId of kept.gaps.crowdedBy(batch.gaps)) {
    const theirs = tx.selectFrom('gaps').select('id').where('endpoint_id', '=', endpointId)
    const tooOld = theirs.orderBy('noticed_at', 'desc').limit(maxKeptPerEndpoint).offset(maxKeptPerEndpoint)
    await post(tx, tx.deleteFrom('gaps').where('id', 'in', tooOld))
  }
}
