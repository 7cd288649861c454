/**
 * The durable queue between sensing and the wire. Enters: records, by lane. Leaves: the same records, in order, until
 * the collector has committed them, and of signals for a while longer. On disk: one folder per epoch, in it segment
 * files per lane, one line per record, and a `state` of what is known beside them.
 *
 * 1. `append` of a signal, inventory or result resolves only after its bytes are fsynced and stand in the file that bears
 *    the name; callers that come while a sync runs share the next one. A sample's append resolves once written.
 * 2. Nothing is read (and so sent) before it is fsynced: after a power cut no seq can mean two different records.
 * 3. Seqs of a lane rise by one and are never used twice in an epoch, also when every record is gone.
 * 4. Disk: records stay below `maxBytes`; while a new epoch is made, its signals stand there twice; the reserve is at
 *    most 1 MiB more. Who goes first when there is no room: what is acknowledged, samples, inventory, signals, security,
 *    oldest first, and never one for a record less important than itself. A full disk takes the reserve before all that,
 *    and no signal that is not acknowledged. Signals that are given up are counted, and their seqs are said to be a gap.
 * 5. After a crash every whole line survives; a torn tail is cut off; what is missing in the middle reads as a gap,
 *    which the wire reports as skipped.
 * 6. An older copy of these files, put back at rest or under a running agent, never makes one seq mean two records for
 *    the collector: what nobody confirmed since the start doesn't count as sent, and a cursor beyond that, or files that
 *    are not those written to, begin a new epoch, which holds all that is left here and a report of it.
 * 7. Memory: one mark per 32 KiB that was read or written, a few hundred bytes per segment of at most 1 MiB, and appends
 *    that wait: at most 20,000 and 32 MiB, then they are refused. Reading takes what the caller asks for.
 */
import { join } from 'node:path'
import type { Logger } from 'pino'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, days, minutes, seconds, type Time } from '#shared/domain/time.ts'
import { maxRecordBytes } from '#shared/protocol/limits.ts'
import type { Lane, RecordBody } from '#shared/protocol/record.ts'
import { abandonEpoch, beginEpoch, findEpoch, finishEpoch, newEpoch } from './folder.ts'
import { isKept, Lanes } from './lanes.ts'
import { copyRecords, type Scope, takeOverSamples } from './move.ts'
import { Reserve } from './reserve.ts'
import type { Spooled } from './segment.ts'
import type { PerLane } from './state.ts'
import { Writer } from './writer.ts'

export type { Spooled } from './segment.ts'

export interface Spool {
  readonly epoch: string
  /** Resolves with its seq. Rejects with a Fault when it can't be kept: spool-full, disk-full, spool-busy, spool-unwritable, record-too-large, spool-closed. */
  append(lane: Lane, body: RecordBody): Promise<number>
  /** Last seq ever appended in this epoch. */
  last(lane: Lane): number
  /** Last seq that may be sent: everything up to it is fsynced. */
  sendable(lane: Lane): number
  /** As the collector says now; less than it ever said, when it was set back to a backup. */
  acknowledged(lane: Lane): number
  everAcknowledged(lane: Lane): number
  /** What lies before it is gone. */
  firstKept(lane: Lane): number
  /** Records after `afterSeq` in order; a missing seq was lost. At least one, even if it is larger than `maxBytes`. */
  read(lane: Lane, afterSeq: number, maxRecords: number, maxBytes: number): Spooled[]
  acknowledge(lane: Lane, seq: number): void
  /** The collector's cursors of this epoch, at the beginning of a connection. False: it has what was never sent from here. */
  confirm(cursors: PerLane): boolean
  noteSent(lane: Lane, seq: number): void
  /** Begins a new epoch that holds what is left here, numbered anew, and a report of the reason. */
  restart(reason: string): Promise<void>
  /** Told when a lane has something new to send. Returns its own end. */
  onAppended(listener: (lane: Lane) => void): () => void
  /** Told when a new epoch has begun. Returns its own end. */
  onRestarted(listener: () => void): () => void
  close(): Promise<void>
}

/** What a spool on disk does for who keeps signals in memory while the disk refuses them. */
export interface DurableSpool extends Spool {
  /** Signals that could not be kept anywhere: their seqs are reserved, so that the collector is told of the gap. */
  lose(lane: Lane, count: number): void
  /** How many wait in memory: counted as lost by the next start if this process is killed meanwhile. */
  noteWaiting(waiting: PerLane): void
  /** How many waited when the process before this one ended. */
  waitedBefore(lane: Lane): number
}

export interface SpoolOptions {
  dir: string
  maxBytes: number
  time: Time
  log: Logger
  /** How long signals are kept after their acknowledgement, for a collector that is restored from a backup; a week when absent. */
  keepAcknowledgedMs?: number
  /** Whose signals these are; another one's acknowledged signals are let go of. */
  endpointId?: string
  /** What says in the new epoch that there is one, and why. */
  reportOf?: (reason: string, epoch: string) => RecordBody
}

export async function openSpool(options: SpoolOptions): Promise<DurableSpool> {
  const spool = new DiskSpool(options)
  await spool.begin()
  return spool
}

/** A segment goes as a whole: of samples soon, of signals no more than must. The reserve is as large as one of samples. */
const smallestSegmentBytes = 16_384
const largestSegmentBytes = 1_048_576
const acknowledgedEveryMs = seconds(1)
const keepHouseEveryMs = minutes(1)

class DiskSpool implements DurableSpool {
  readonly #options: SpoolOptions
  readonly #writer: Writer
  readonly #reserve: Reserve
  readonly #appendedListeners = new Set<(lane: Lane) => void>()
  readonly #restartedListeners = new Set<() => void>()
  #persistLater: Cancel | undefined
  #keepHouseLater: Cancel | undefined
  #lanes: Lanes
  #waitedBefore: PerLane
  epoch: string

  constructor(options: SpoolOptions) {
    this.#options = options
    this.epoch = findEpoch(options.dir, options.time.now())
    this.#reserve = new Reserve(options.dir, this.#segmentBytes)
    this.#lanes = this.#open(join(options.dir, this.epoch))
    this.#waitedBefore = { security: this.#lanes.waiting('security'), signals: this.#lanes.waiting('signals') }
    this.#writer = new Writer({
      write: (lane, entries) => this.#lanes.write(lane, entries),
      sync: (lane) => this.#lanes.of(lane).sync(),
      recover: () => this.#recover(),
      onSynced: (lane) => {
        for (const listener of this.#appendedListeners) listener(lane)
      },
    })
  }

  async begin(): Promise<void> {
    try {
      if (this.#lanes.isOfAnotherOwner) await this.#moveToNewEpoch('unacknowledged')
      else if (this.#lanes.isCutShort) await this.#moveToNewEpoch('kept', 'records that were sent before are no longer on its disk')
      else this.#lanes.persist(true)
    } catch (error) {
      this.#options.log.error({ reason: sentenceOf(error) }, 'the spool could not begin a new epoch; it is tried with each connection')
      this.#lanes.distrust()
    }
    this.#keepHouse()
  }

  async append(lane: Lane, record: RecordBody): Promise<number> {
    const body = JSON.stringify(record)
    if (Buffer.byteLength(body) > maxRecordBytes) throw new Fault('record-too-large', `a record may have ${maxRecordBytes} bytes`)
    return this.#writer.append(lane, { body, span: 1 })
  }

  lose(lane: Lane, count: number): void {
    if (count <= 0) return
    this.#lanes.owe(lane, count)
    this.#writer.append(lane).catch((error: unknown) => this.#options.log.warn({ err: error, lane, count }, 'lost signals are said later'))
  }

  last = (lane: Lane): number => this.#lanes.of(lane).last
  sendable = (lane: Lane): number => this.#lanes.of(lane).synced
  acknowledged = (lane: Lane): number => this.#lanes.of(lane).acknowledged
  everAcknowledged = (lane: Lane): number => this.#lanes.of(lane).everAcknowledged
  firstKept = (lane: Lane): number => this.#lanes.of(lane).firstKept
  waitedBefore = (lane: Lane): number => this.#waitedBefore[lane] ?? 0
  noteWaiting = (waiting: PerLane): void => this.#lanes.noteWaiting(waiting)
  confirm = (cursors: PerLane): boolean => this.#lanes.confirm(cursors)

  read(lane: Lane, afterSeq: number, maxRecords: number, maxBytes: number): Spooled[] {
    return this.#lanes.of(lane).read(afterSeq, maxRecords, maxBytes)
  }

  acknowledge(lane: Lane, seq: number): void {
    this.#lanes.of(lane).acknowledge(seq)
    this.#persistLater ??= this.#options.time.after(acknowledgedEveryMs, () => this.#persist())
  }

  noteSent(lane: Lane, seq: number): void {
    const log = this.#lanes.of(lane)
    log.sent = Math.max(log.sent, seq)
  }

  onAppended(listener: (lane: Lane) => void): () => void {
    this.#appendedListeners.add(listener)
    return () => this.#appendedListeners.delete(listener)
  }

  onRestarted(listener: () => void): () => void {
    this.#restartedListeners.add(listener)
    return () => this.#restartedListeners.delete(listener)
  }

  restart(reason: string): Promise<void> {
    return this.#writer.hold(() => this.#moveToNewEpoch(this.#lanes.isOfAnotherOwner ? 'unacknowledged' : 'kept', reason))
  }

  async close(): Promise<void> {
    await this.#writer.close()
    this.#keepHouseLater?.()
    this.#persist()
    await this.#lanes.close()
  }

  get #segmentBytes(): number {
    return Math.min(largestSegmentBytes, Math.max(smallestSegmentBytes, Math.floor(this.#options.maxBytes / 64)))
  }

  #open(folder: string): Lanes {
    const { maxBytes, time, log, keepAcknowledgedMs = days(7), endpointId: owner = '' } = this.#options
    const segmentBytes = (lane: Lane): number =>
      isKept(lane) ? Math.max(smallestSegmentBytes, this.#segmentBytes / 4) : this.#segmentBytes
    return new Lanes({ folder, maxBytes, segmentBytes, keepAcknowledgedMs, owner, reserve: this.#reserve, time, log })
  }

  /** The writer found other files than it had written: goes on from those. */
  async #recover(): Promise<void> {
    const { dir, time } = this.#options
    await this.#lanes.close()
    this.epoch = findEpoch(dir, time.now())
    this.#lanes = this.#open(join(dir, this.epoch))
    await this.#moveToNewEpoch('kept', 'its files were replaced or set back while it ran')
  }

  /** `reason`: why its records may be twice or missing; absent when nobody needs to hear of it. */
  async #moveToNewEpoch(scope: Scope, reason?: string): Promise<void> {
    const { dir, time, log } = this.#options
    const epoch = newEpoch(time.now(), this.epoch)
    try {
      await this.#fill(beginEpoch(dir, epoch), epoch, scope, reason)
    } catch (error) {
      abandonEpoch(dir, epoch)
      throw error
    }
    await this.#lanes.close()
    await finishEpoch(dir, epoch, this.epoch)
    this.epoch = epoch
    this.#lanes = this.#open(join(dir, epoch))
    if (reason !== undefined) log.warn({ epoch, reason }, 'the spool began a new epoch')
    for (const listener of this.#restartedListeners) listener()
  }

  async #fill(folder: string, epoch: string, scope: Scope, reason: string | undefined): Promise<void> {
    const lanes = this.#open(folder)
    try {
      await copyRecords(this.#lanes, lanes, scope)
      const report = reason === undefined ? undefined : this.#options.reportOf?.(reason, epoch)
      if (report) await lanes.write('signals', [{ body: JSON.stringify(report), span: 1 }])
      for (const lane of ['security', 'signals', 'inventory'] as const) await lanes.of(lane).sync()
      await this.#lanes.of('samples').sync()
      lanes.persist(true)
    } finally {
      await lanes.close()
    }
    takeOverSamples(this.#lanes.of('samples'), folder)
  }

  #keepHouse(): void {
    const { time, log } = this.#options
    this.#lanes.expire(time.now())
    if (!this.#reserve.take()) log.warn('the disk has no room to be kept for signals')
    this.#keepHouseLater = time.after(keepHouseEveryMs, () => this.#keepHouse())
  }

  #persist(): void {
    this.#persistLater?.()
    this.#persistLater = undefined
    this.#lanes.persist(false)
  }
}
