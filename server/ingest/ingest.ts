/*
 * Enters: records of agents, signals of sources, troubles of our own. Leaves: rows, and only after their commit the
 * word that may be acknowledged. Promises: one transaction for all that has arrived; a record is taken once and in its
 * order; what can't be accepted is kept raw and stops nothing; a job that breaks a commit harms only itself.
 * On failure of the store: every caller is rejected, nobody is acknowledged, agents keep what they have.
 * Meets: duplicates, holes, hostile records, a crash between commit and acknowledgement.
 */
import { sentenceOf } from '#shared/domain/fault.ts'
import { plainText } from '#shared/domain/plain-text.ts'
import { isSecurity } from '#shared/domain/signal.ts'
import type { Time } from '#shared/domain/time.ts'
import type { Lane } from '#shared/protocol/record.ts'
import type { Store } from '../store/store.ts'
import { countBacklog } from './backlog.ts'
import { addJob, type Batch, emptyBatch, type Job, type Taken } from './batch.ts'
import { cursorLookup, rememberCursors } from './cursors.ts'
import { createGroupCommit } from './group-commit.ts'
import { type Keepers, keepBatch, loadConditions, type Place } from './keep.ts'
import { Kept } from './kept.ts'
import { readRecord, refuse } from './read-record.ts'
import { type From, type OwnTrouble, ownRow, type SourceSignal, sourceRow } from './rows.ts'
import { Told } from './told.ts'

/** Gathering and posting them holds the event loop for some 15 ms; with 500 a flood was taken in at half the rate. */
const maxRecordsPerCommit = 2_000

export interface Committed {
  hasSecurity: boolean
  /** There is something new for the pipeline. */
  hasWork: boolean
  sampled: From[]
  inventoried: From[]
}

export interface Ingest {
  /** Resolves after the commit. */
  takeRecords(from: From, frame: { epoch: string; lane: Lane; records: readonly { seq: number; body?: unknown }[] }): Promise<Taken>
  takeSkipped(from: From, frame: { epoch: string; lane: Lane; from: number; to: number; why: string }): Promise<Taken>
  /** Per lane the last committed record of this epoch, once everything that came before is committed or rejected. */
  cursors(endpointId: string, epoch: string): Promise<Partial<Record<Lane, number>>>
  /** @returns the id of the committed signal. */
  takeFromSource(source: { id: string; organisationId: string }, signal: SourceSignal): Promise<string>
  /** A trouble of the collector's own, which enters the pipeline like any signal. */
  raise(trouble: OwnTrouble): Promise<void>
  /** So much has come at once that commits are at least half full: what can wait a little should let them go first. */
  isBusy(): boolean
  /** For how long what agents sent has waited without any commit; 0: nothing has. */
  stillMs(): number
  /** Committed signals that nobody has handled yet, about a second ago. */
  backlog(): number
  /** When everything that came is committed or rejected. */
  idle(): Promise<void>
}

export function createIngest(needs: { store: Store; time: Time; keepers: Keepers; onCommitted(committed: Committed): void }): Ingest {
  const { store, time, keepers } = needs
  const { isStoreTrouble } = store.capabilities
  const cursors = rememberCursors(store)
  const asked = cursorLookup(store)
  const told = new Told()
  const place: Place = { capabilities: store.capabilities, keepers, kept: { refused: new Kept(), gaps: new Kept() } }

  const commit = async (jobs: readonly Job[]): Promise<Taken[]> => {
    const now = time.now()
    const batch = emptyBatch(now, (endpointId) => told.has(endpointId, now))
    // Read before the transaction: nobody else writes these, and a transaction that only writes is one message to the store.
    const [, known] = await Promise.all([cursors.load(batch, jobs), loadConditions(store, jobs)])
    const taken = jobs.map((job) => addJob(batch, job, known))
    const keep = async (): Promise<void> => {
      if (keepers.withArmed) batch.signals = await keepers.withArmed(batch.signals)
      await store.db.transaction().execute((tx) => keepBatch(tx, batch, place))
    }
    await keep().catch((error: unknown) => {
      cursors.forget(batch)
      throw error
    })
    cursors.committed(batch)
    if (batch.samples.length > 0) keepers.samplesKept?.()
    for (const [index, job] of jobs.entries()) if (taken[index]?.kind === 'gap') cursors.doubt(job)
    told.committed(batch)
    needs.onCommitted(summarise(batch))
    return taken
  }

  const group = createGroupCommit<Job, Taken>({
    commit,
    rescue: (job) => rescue(job, commit, isStoreTrouble),
    isStoreWell: async (error) => !isStoreTrouble(error) && store.isWell(),
    weigh: (job) => (job.kind === 'records' ? job.entries.length : 1),
    isUrgent: (job) => job.kind === 'signals' || job.lane === 'security',
    maxWeight: maxRecordsPerCommit,
    clock: () => time.monotonic(),
  })

  return {
    takeRecords: (from, { epoch, lane, records }) =>
      group.submit({ kind: 'records', from, epoch, lane, entries: records.map((record) => readRecord(record, lane)) }),
    takeSkipped: (from, { epoch, lane, from: fromSeq, to: toSeq, why }) =>
      group.submit({ kind: 'skipped', from, epoch, lane, fromSeq, toSeq, why }),
    cursors: async (endpointId, epoch) => {
      // An earlier connection of this agent may have left frames here; what it had under these seqs may be other records
      // than it has now, if its spool was set back meanwhile.
      await group.settled()
      return asked.load({ endpoint_id: endpointId, epoch: plainText(epoch) })
    },
    takeFromSource: async (source, signal) => {
      const row = sourceRow(source, signal, time.now())
      await group.submit({ kind: 'signals', rows: (receivedAt) => [{ ...row, received_at: receivedAt }] })
      return row.id
    },
    raise: async (trouble) => {
      await group.submit({ kind: 'signals', rows: (receivedAt) => [ownRow(trouble, receivedAt)] })
    },
    isBusy: () => group.weight() >= maxRecordsPerCommit / 2,
    stillMs: () => group.stillMs(),
    backlog: countBacklog({ store, time }),
    idle: () => group.idle(),
  }
}

/** The store is well and this frame still can't be committed: record by record, refusing the one that breaks it. */
async function rescue(
  job: Job,
  commit: (jobs: readonly Job[]) => Promise<Taken[]>,
  isStoreTrouble: (error: unknown) => boolean,
): Promise<Taken> {
  if (job.kind !== 'records') return first(await commit([job]))
  const refused: Taken['refused'] = []
  let last: Taken = { kind: 'taken', seq: 0, refused }
  for (const entry of job.entries) {
    const alone = { ...job, entries: [entry] }
    last = await commit([alone])
      .catch((error) => {
        // The record is good; the disk is full now, and it comes again.
        if (isStoreTrouble(error)) throw error
        return commit([{ ...alone, entries: [refuse(entry.seq, `it could not be stored: ${sentenceOf(error)}`, entry)] }])
      })
      .then(first)
    refused.push(...last.refused)
    if (last.kind === 'gap') break
  }
  return { ...last, refused }
}

function first(taken: readonly Taken[]): Taken {
  const [outcome] = taken
  if (!outcome) throw new TypeError('a commit answers each of its jobs')
  return outcome
}

function summarise(batch: Batch): Committed {
  return {
    hasSecurity: batch.results.length > 0 || batch.signals.some(({ kind }) => isSecurity(kind)),
    hasWork: batch.results.length > 0 || batch.signals.length > 0,
    sampled: [...new Map(batch.samples.map(({ from }) => [from.endpointId, from])).values()],
    inventoried: [...batch.inventories.values()].map(({ from }) => from),
  }
}
