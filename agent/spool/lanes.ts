import { mkdirSync } from 'node:fs'
import type { Logger } from 'pino'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'
import type { Time } from '#shared/domain/time.ts'
import { Lane } from '#shared/protocol/record.ts'
import { type Entry, LaneLog } from './lane-log.ts'
import { lostBody } from './lost.ts'
import type { Reserve } from './reserve.ts'
import { noState, type PerLane, StateFile } from './state.ts'

export interface LanesOptions {
  folder: string
  maxBytes: number
  segmentBytes(lane: Lane): number
  keepAcknowledgedMs: number
  /** Whose records these are: what one collector acknowledged is not shown to another. */
  owner: string
  reserve: Reserve
  time: Time
  log: Logger
}

/** What the collector may lose and ask for again; samples and inventories it gets anew soon enough. */
export const isKept = (lane: Lane): boolean => lane === 'security' || lane === 'signals'

/** The lanes of one epoch, the bound on what they hold together (invariant 4), and what is known beside the records. */
export class Lanes {
  readonly #options: LanesOptions
  readonly #lanes: Map<Lane, LaneLog>
  readonly #file: StateFile
  readonly #formerOwner: string | undefined
  #owed: PerLane
  #lost: PerLane
  #waiting: PerLane
  #isConfirmed = false
  #isDistrusted = false

  constructor(options: LanesOptions) {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 })
    this.#options = options
    this.#lanes = new Map(Lane.options.map((lane) => [lane, openLane(options, lane)]))
    this.#file = new StateFile(options.folder)
    const found = this.#file.found ?? noState
    for (const [lane, log] of this.#lanes) {
      log.setAcknowledged(found.acknowledged[lane] ?? 0)
      log.everAcknowledged = Math.max(log.everAcknowledged, found.everAcknowledged[lane] ?? 0)
      log.sent = found.isConfirmed ? log.last : (found.sent[lane] ?? 0)
    }
    this.#owed = { ...found.owed }
    this.#lost = { ...found.lost }
    this.#waiting = { ...found.waiting }
    this.#formerOwner = found.owner === '' || found.owner === options.owner ? undefined : found.owner
  }

  /** What was once sent is no longer here: an older copy of some of these files was put back. */
  get isCutShort(): boolean {
    const { sent = {}, everAcknowledged = {} } = this.#file.found ?? {}
    return [...this.#lanes.values()].some(({ lane, last }) => Math.max(sent[lane] ?? 0, everAcknowledged[lane] ?? 0) > last)
  }

  get isOfAnotherOwner(): boolean {
    return this.#formerOwner !== undefined
  }

  of(lane: Lane): LaneLog {
    const found = this.#lanes.get(lane)
    if (!found) throw new TypeError(`there is no lane ${lane}`)
    return found
  }

  lost = (lane: Lane): number => this.#lost[lane] ?? 0
  waiting = (lane: Lane): number => this.#waiting[lane] ?? 0

  /** Makes room first; a full disk makes room too, and tries again. Resolves with the seq of each entry. */
  async write(lane: Lane, entries: readonly Entry[]): Promise<number[]> {
    const owed = this.#owed[lane] ?? 0
    const all = owed > 0 ? [{ body: lostBody(owed), span: owed }, ...entries] : entries
    if (all.length === 0) return []
    const seqs = await this.#writeWithRoom(lane, all)
    if (owed === 0) return seqs
    this.#owed[lane] = (this.#owed[lane] ?? 0) - owed
    this.persist(true)
    return seqs.slice(1)
  }

  /** These signals will never come: with the next write, so many seqs of the lane stand for them. */
  owe(lane: Lane, count: number): void {
    this.#owed[lane] = (this.#owed[lane] ?? 0) + count
    this.#lost[lane] = this.lost(lane) + count
    this.persist(false)
  }

  /** What an epoch that ends knew beside its records. */
  inherit(before: Lanes): void {
    this.#owed = { ...before.#owed }
    this.#lost = { ...before.#lost }
    this.#waiting = { ...before.#waiting }
  }

  noteWaiting(waiting: PerLane): void {
    this.#waiting = { ...waiting }
    this.persist(false)
  }

  /**
   * The collector's cursors of this epoch. False when it has committed what was never sent from here. If they fit, all
   * that is here counts as sent from now on, also after a crash; before they do, nothing appended since the start does.
   */
  confirm(cursors: PerLane): boolean {
    const logs = [...this.#lanes.values()]
    if (this.#isDistrusted) return false
    if (logs.some(({ lane, sent }) => (cursors[lane] ?? 0) > sent)) return false
    for (const log of logs) log.setAcknowledged(cursors[log.lane] ?? 0)
    this.#isConfirmed = true
    // A power cut that forgets this costs a new epoch that wasn't needed; to wait for the disk here costs every reconnect.
    this.persist(false)
    return true
  }

  /** A new epoch is due and could not begin yet: until it has, no cursor fits, and nothing is written over what says so. */
  distrust(): void {
    this.#isDistrusted = true
  }

  /** Never throws: without it, at worst records are sent again, or a new epoch begins that wasn't needed. */
  persist(isDurable: boolean): void {
    if (this.#isDistrusted) return
    const each = (of: (log: LaneLog) => number): PerLane => Object.fromEntries([...this.#lanes].map(([lane, log]) => [lane, of(log)]))
    const [acknowledged, everAcknowledged] = [each((log) => log.acknowledged), each((log) => log.everAcknowledged)]
    const counts = { sent: each((log) => log.sent), owed: this.#owed, waiting: this.#waiting, lost: this.#lost }
    const { owner, log } = this.#options
    try {
      this.#file.write({ v: 1, owner, acknowledged, everAcknowledged, isConfirmed: this.#isConfirmed, ...counts }, isDurable)
    } catch (error) {
      log.warn({ reason: sentenceOf(error) }, 'the state of the spool could not be noted')
    }
  }

  expire(now: number): void {
    for (const lane of this.#lanes.values()) lane.expire(now)
  }

  /** Gives something up for a record of this lane. @throws Fault when nothing may go: `disk-full`, `spool-full`. */
  async makeRoom(lane: Lane, isDiskFull: boolean): Promise<void> {
    if (isDiskFull && isKept(lane) && this.#options.reserve.giveUp()) return
    if (await this.#dropAcknowledged()) return
    const victims = Lane.options.slice(Lane.options.indexOf(lane)).reverse()
    for (const victim of victims) {
      // Where others fill the disk, the room would be theirs, and the signals gone for nothing.
      if (isDiskFull && isKept(victim)) continue
      if (await this.#dropOldestOf(victim)) return
    }
    if (isDiskFull) throw new Fault('disk-full', 'the disk is full')
    throw new Fault('spool-full', `the spool is full with records more important than ${lane}`)
  }

  async close(): Promise<void> {
    for (const lane of this.#lanes.values()) await lane.close()
  }

  async #writeWithRoom(lane: Lane, entries: readonly Entry[]): Promise<number[]> {
    const bytes = entries.reduce((sum, { body }) => sum + Buffer.byteLength(body) + lineOverheadBytes, 0)
    while (this.#bytes() + bytes > this.#options.maxBytes) await this.makeRoom(lane, false)
    for (;;) {
      try {
        return await this.of(lane).write(entries)
      } catch (error) {
        if (!isDiskFull(error)) throw error
        await this.makeRoom(lane, true)
      }
    }
  }

  #bytes(): number {
    return [...this.#lanes.values()].reduce((sum, lane) => sum + lane.bytes, 0)
  }

  /** What the collector has goes first of all, and of that what it has had longest. */
  async #dropAcknowledged(): Promise<boolean> {
    const [longest] = [...this.#lanes.values()]
      .filter(({ oldestAcknowledgedAt }) => oldestAcknowledgedAt !== undefined)
      .sort((a, b) => (a.oldestAcknowledgedAt ?? 0) - (b.oldestAcknowledgedAt ?? 0) || 0)
    return longest !== undefined && (await longest.dropOldest()).bytes > 0
  }

  async #dropOldestOf(lane: Lane): Promise<boolean> {
    const { bytes, lost } = await this.of(lane).dropOldest()
    if (lost > 0 && isKept(lane)) this.#lost[lane] = this.lost(lane) + lost
    const level = isKept(lane) ? 'error' : 'warn'
    if (lost > 0) this.#options.log[level]({ lane, lost }, 'the spool is full: the oldest records of this lane were dropped')
    return bytes > 0
  }
}

const openLane = ({ folder, segmentBytes, keepAcknowledgedMs, time }: LanesOptions, lane: Lane): LaneLog =>
  new LaneLog({ dir: folder, lane, segmentBytes: segmentBytes(lane), keepAcknowledgedMs: isKept(lane) ? keepAcknowledgedMs : 0, time })

/** Version, checksum, seq and line end around a body. */
const lineOverheadBytes = 32

export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}
