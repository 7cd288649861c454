import { v7 } from 'uuid'
import { Fault } from '#shared/domain/fault.ts'
import { Lane, type RecordBody } from '#shared/protocol/record.ts'
import type { Spool, Spooled } from '../../agent/spool/spool.ts'

/** Records of one lane: of samples and inventory the oldest go first, of signals the newest is refused, as on disk. */
const maxPerLane = 1_000
const mayDrop: ReadonlySet<Lane> = new Set(['samples', 'inventory'])

/** What a record of one lane is kept in. */
interface Kept {
  records: Spooled[]
  last: number
  acknowledged: number
  sent: number
}

/** The spool's part of the agreement with the wire, without a disk: thousands fit one process. */
export class MemorySpool implements Spool {
  epoch = v7()
  #lanes = emptyLanes()
  readonly #listeners = new Set<(lane: Lane) => void>()
  readonly #restartedListeners = new Set<() => void>()

  async append(lane: Lane, body: RecordBody): Promise<number> {
    const kept = this.#lanes[lane]
    if (kept.records.length >= maxPerLane) {
      if (!mayDrop.has(lane)) throw new Fault('spool-full', `the spool is full with records of ${lane}`)
      kept.records.shift()
    }
    kept.last += 1
    kept.records.push({ seq: kept.last, body })
    for (const listener of this.#listeners) listener(lane)
    return kept.last
  }

  last = (lane: Lane): number => this.#lanes[lane].last
  sendable = (lane: Lane): number => this.#lanes[lane].last
  acknowledged = (lane: Lane): number => this.#lanes[lane].acknowledged
  firstKept = (lane: Lane): number => this.#lanes[lane].records[0]?.seq ?? this.#lanes[lane].last + 1
  everAcknowledged = (lane: Lane): number => this.#lanes[lane].acknowledged

  /** Frames stay small here: the bound on bytes is met by the number of records. */
  read(lane: Lane, afterSeq: number, maxRecords: number): Spooled[] {
    const { records } = this.#lanes[lane]
    const from = records.findIndex(({ seq }) => seq > afterSeq)
    return from < 0 ? [] : records.slice(from, from + maxRecords)
  }

  acknowledge(lane: Lane, seq: number): void {
    const kept = this.#lanes[lane]
    kept.acknowledged = Math.max(kept.acknowledged, Math.min(seq, kept.last))
    while (kept.records[0] && kept.records[0].seq <= kept.acknowledged) kept.records.shift()
  }

  confirm(cursors: Partial<Record<Lane, number>>): boolean {
    if (Lane.options.some((lane) => (cursors[lane] ?? 0) > this.#lanes[lane].sent)) return false
    for (const lane of Lane.options) this.acknowledge(lane, cursors[lane] ?? 0)
    return true
  }

  noteSent(lane: Lane, seq: number): void {
    this.#lanes[lane].sent = Math.max(this.#lanes[lane].sent, seq)
  }

  async restart(): Promise<void> {
    const before = this.#lanes
    this.epoch = v7()
    this.#lanes = emptyLanes()
    for (const lane of Lane.options) {
      for (const { body } of before[lane].records) await this.append(lane, body as RecordBody)
    }
    for (const listener of this.#restartedListeners) listener()
  }

  onAppended(listener: (lane: Lane) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  onRestarted(listener: () => void): () => void {
    this.#restartedListeners.add(listener)
    return () => this.#restartedListeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#listeners.clear()
  }
}

function emptyLanes(): Record<Lane, Kept> {
  const empty = (): Kept => ({ records: [], last: 0, acknowledged: 0, sent: 0 })
  return { security: empty(), signals: empty(), inventory: empty(), samples: empty() }
}
