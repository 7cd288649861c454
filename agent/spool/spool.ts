/**
 * The durable queue between sensing and the wire. Enters: records, by lane. Leaves: the same records, in order, until
 * the collector has committed them. On disk: one folder per epoch, in it segment files per lane, one line per record.
 *
 * 1. `append` of a signal, inventory or result resolves only after its bytes are fsynced; callers that come while a
 *    sync runs share the next one. A sample's append resolves once written.
 * 2. Nothing is read (and so sent) before it is fsynced: after a power cut no seq can mean two different records.
 * 3. Seqs of a lane rise by one and are never used twice in an epoch, also when every record is gone.
 * 4. A record leaves the disk only when acknowledged, or when `maxBytes` forces it: samples go first, then inventory,
 *    then signals, then security, oldest first, and never one for a record less important than itself.
 * 5. After a crash every whole line survives; a torn tail is cut off; what is missing in the middle reads as a gap,
 *    which the wire reports as skipped.
 * 6. Memory: one mark per 16 records and the appends that wait; reading takes what the caller asks for.
 */
import { join } from 'node:path'
import type { Logger } from 'pino'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'
import { maxRecordBytes } from '#shared/protocol/limits.ts'
import { Lane, type RecordBody } from '#shared/protocol/record.ts'
import { beginEpoch, findEpoch, finishEpoch, newEpoch } from './folder.ts'
import { Lanes } from './lanes.ts'
import type { Spooled } from './segment.ts'

export type { Spooled } from './segment.ts'

export interface Spool {
  readonly epoch: string
  /** Resolves with its seq. Rejects with a Fault when it can't be kept: spool-full, spool-unwritable, record-too-large, spool-closed. */
  append(lane: Lane, body: RecordBody): Promise<number>
  /** Last seq ever appended in this epoch. */
  last(lane: Lane): number
  /** Last seq that may be sent: everything up to it is fsynced. */
  sendable(lane: Lane): number
  acknowledged(lane: Lane): number
  /** What lies before it and after `acknowledged` was dropped. */
  firstKept(lane: Lane): number
  /** Records after `afterSeq` in order; a missing seq was lost. At least one, even if it is larger than `maxBytes`. */
  read(lane: Lane, afterSeq: number, maxRecords: number, maxBytes: number): Spooled[]
  acknowledge(lane: Lane, seq: number): void
  /** Highest seq that the collector can have: what was here when the spool was opened, or was noted as sent since. */
  sent(lane: Lane): number
  noteSent(lane: Lane, seq: number): void
  /** Begins a new epoch that holds what is unacknowledged, numbered anew. */
  restart(reason: string): Promise<void>
  /** Told when a lane has something new to send. Returns its own end. */
  onAppended(listener: (lane: Lane) => void): () => void
  close(): Promise<void>
}

export interface SpoolOptions {
  dir: string
  maxBytes: number
  time: Time
  log: Logger
}

export async function openSpool(options: SpoolOptions): Promise<Spool> {
  return new DiskSpool(options)
}

interface Waiting {
  lane: Lane
  body: string
  resolve(seq: number): void
  reject(reason: unknown): void
}

/** What one write and one sync hold at most. */
const maxBatchRecords = 200
const maxBatchBytes = 1_048_576
const acknowledgedEveryMs = seconds(1)

class DiskSpool implements Spool {
  readonly #options: SpoolOptions
  readonly #listeners = new Set<(lane: Lane) => void>()
  #waiting: Waiting[] = []
  #writing: Promise<void> | undefined
  #isHeld = false
  #isClosed = false
  #persistLater: Cancel | undefined
  #lanes: Lanes
  epoch: string

  constructor(options: SpoolOptions) {
    this.#options = options
    this.epoch = findEpoch(options.dir)
    this.#lanes = this.#open(join(options.dir, this.epoch))
  }

  append(lane: Lane, record: RecordBody): Promise<number> {
    if (this.#isClosed) return Promise.reject(new Fault('spool-closed', 'the agent is stopping'))
    const body = JSON.stringify(record)
    const isTooLarge = Buffer.byteLength(body) > maxRecordBytes
    if (isTooLarge) return Promise.reject(new Fault('record-too-large', `a record may have ${maxRecordBytes} bytes`))
    const appended = new Promise<number>((resolve, reject) => this.#waiting.push({ lane, body, resolve, reject }))
    this.#wake()
    return appended
  }

  last = (lane: Lane): number => this.#lanes.of(lane).last
  sendable = (lane: Lane): number => this.#lanes.of(lane).synced
  acknowledged = (lane: Lane): number => this.#lanes.of(lane).acknowledged
  firstKept = (lane: Lane): number => this.#lanes.of(lane).firstKept

  read(lane: Lane, afterSeq: number, maxRecords: number, maxBytes: number): Spooled[] {
    return this.#lanes.of(lane).read(afterSeq, maxRecords, maxBytes)
  }

  acknowledge(lane: Lane, seq: number): void {
    this.#lanes.of(lane).acknowledge(seq)
    this.#persistLater ??= this.#options.time.after(acknowledgedEveryMs, () => this.#persistAcknowledged())
  }

  sent = (lane: Lane): number => this.#lanes.of(lane).sent

  noteSent(lane: Lane, seq: number): void {
    const log = this.#lanes.of(lane)
    log.sent = Math.max(log.sent, seq)
  }

  onAppended(listener: (lane: Lane) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async restart(reason: string): Promise<void> {
    this.#isHeld = true
    try {
      await this.#writing
      await this.#moveToNewEpoch()
      this.#options.log.warn({ epoch: this.epoch, reason }, 'the spool began a new epoch')
    } finally {
      this.#isHeld = false
      this.#wake()
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    while (this.#writing) await this.#writing
    this.#persistAcknowledged()
    await this.#lanes.close()
  }

  #open(folder: string): Lanes {
    return new Lanes(folder, this.#options.maxBytes, this.#options.log)
  }

  #wake(): void {
    if (this.#writing || this.#isHeld || this.#waiting.length === 0) return
    this.#writing = this.#drain().finally(() => {
      this.#writing = undefined
      this.#wake()
    })
  }

  /** The one writer. Its first `await` lets everybody of the same tick into the first batch. */
  async #drain(): Promise<void> {
    await Promise.resolve()
    while (this.#waiting.length > 0 && !this.#isHeld) {
      const batch = this.#takeBatch()
      const written: Written[] = []
      for (const lane of Lane.options) {
        const entries = batch.filter((entry) => entry.lane === lane)
        if (entries.length > 0) written.push(await this.#write(lane, entries))
      }
      await Promise.all(written.map((group) => this.#sync(group)))
    }
  }

  #takeBatch(): Waiting[] {
    let bytes = 0
    const tooMany = this.#waiting.findIndex((entry, index) => {
      bytes += entry.body.length
      return index >= maxBatchRecords || (index > 0 && bytes > maxBatchBytes)
    })
    return this.#waiting.splice(0, tooMany < 0 ? this.#waiting.length : tooMany)
  }

  async #write(lane: Lane, entries: Waiting[]): Promise<Written> {
    try {
      const bodies = entries.map((entry) => entry.body)
      const group = { lane, entries, first: await this.#lanes.write(lane, bodies) }
      if (lane === 'samples') settle(group)
      return group
    } catch (error) {
      for (const entry of entries) entry.reject(unwritable(error))
      return { lane, entries: [], first: 0 }
    }
  }

  async #sync(group: Written): Promise<void> {
    if (group.entries.length === 0) return
    try {
      await this.#lanes.of(group.lane).sync()
      settle(group)
      for (const listener of this.#listeners) listener(group.lane)
    } catch (error) {
      for (const entry of group.entries) entry.reject(unwritable(error))
    }
  }

  async #moveToNewEpoch(): Promise<void> {
    const { dir } = this.#options
    const epoch = newEpoch()
    const lanes = this.#open(beginEpoch(dir, epoch))
    await this.#lanes.copyTo(lanes)
    await lanes.close()
    await this.#lanes.close()
    await finishEpoch(dir, epoch, this.epoch)
    this.epoch = epoch
    this.#lanes = this.#open(join(dir, epoch))
  }

  #persistAcknowledged(): void {
    this.#persistLater?.()
    this.#persistLater = undefined
    try {
      this.#lanes.persistAcknowledged()
    } catch (error) {
      this.#options.log.warn({ reason: sentenceOf(error) }, 'what the collector acknowledged could not be noted')
    }
  }
}

interface Written {
  lane: Lane
  entries: Waiting[]
  first: number
}

function settle({ entries, first }: Written): void {
  entries.forEach((entry, index) => {
    entry.resolve(first + index)
  })
}

function unwritable(error: unknown): Fault {
  if (error instanceof Fault) return error
  return new Fault('spool-unwritable', `the spool can't be written: ${sentenceOf(error)}`, { cause: error })
}
