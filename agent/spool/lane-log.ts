import { renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '#shared/domain/fault.ts'
import { days, type Time } from '#shared/domain/time.ts'
import type { Lane } from '#shared/protocol/record.ts'
import { syncFolder } from './folder.ts'
import { writeLine } from './line.ts'
import { emptyFile, emptySegment, noteLine, readSegment, type Segment, type Spooled } from './segment.ts'
import { findSegments, segmentName } from './segment-names.ts'

/** JSON, and how many seqs it takes: one, unless it stands for signals that are lost. */
export interface Entry {
  body: string
  span: number
}

export interface LaneLogOptions {
  dir: string
  lane: Lane
  segmentBytes: number
  /** How long an acknowledged segment is kept; 0: not at all. */
  keepAcknowledgedMs: number
  time: Time
}

/** So that what was acknowledged ends by age, and not only once a segment of a quiet lane is full. */
const begunAgainAfterMs = days(1)

/**
 * One lane on disk: segment files, oldest first, of which the last is written to. There is always a last one, because
 * its name (the seq it begins with) is what keeps seqs rising when everything before it was acknowledged and deleted.
 * Only the spool's one writer calls the asynchronous methods, one at a time.
 */
export class LaneLog {
  readonly lane: Lane
  readonly #options: LaneLogOptions
  #segments: Segment[]
  #handle: FileHandle | undefined
  /** A write failed half-way, and what it left could not be cut off. */
  #isTailDamaged = false
  /** Of the open file, so that a file put in its place is noticed. */
  #inode = 0
  /** Last seq written, and last seq known to be on the disk itself. */
  last: number
  synced: number
  /** What the collector said last; after it was set back to a backup, less than it ever said. */
  acknowledged = 0
  everAcknowledged = 0
  /** Highest seq the collector can have. */
  sent = 0

  constructor(options: LaneLogOptions) {
    this.lane = options.lane
    this.#options = options
    this.#segments = findSegments(options.dir, options.lane, options.time.now())
    this.last = this.#segments.at(-1)?.lastSeq ?? 0
    this.synced = this.last
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  get firstKept(): number {
    return this.#segments[0]?.firstSeq ?? this.last + 1
  }

  /** Segments that hold something, oldest first. */
  get segments(): readonly Segment[] {
    return this.#segments.filter((segment) => segment.bytes > 0)
  }

  /** Resolves with the last seq of each entry once all are written; on failure none of them is. */
  async write(entries: readonly Entry[]): Promise<number[]> {
    let last = this.last
    const lines = entries.map(({ body, span }) => {
      last += span
      return { seq: last, line: writeLine(last, body) }
    })
    const bytes = Buffer.concat(lines.map(({ line }) => line))
    const segment = await this.#segmentFor(bytes.length)
    await this.#append(segment, bytes)
    for (const { seq, line } of lines) noteLine(segment, seq, line.length)
    this.last = last
    return lines.map(({ seq }) => seq)
  }

  /** @throws Fault `spool-replaced` when what was written is not in the file that now bears its name. */
  async sync(): Promise<void> {
    const written = this.last
    await this.#handle?.datasync()
    const active = this.#segments.at(-1)
    if (this.#handle && active) this.#expectOurs(active)
    this.synced = written
  }

  read(afterSeq: number, maxRecords: number, maxBytes: number): Spooled[] {
    for (const segment of this.#segments) {
      if (segment.lastSeq <= afterSeq) continue
      const found = readIfThere(segment, afterSeq, this.synced, maxRecords, maxBytes)
      if (found.length > 0) return found
    }
    return []
  }

  /** The collector's word, which may be lower than the last one: then it wants again what it has lost. */
  setAcknowledged(seq: number): void {
    this.acknowledged = Math.min(seq, this.last)
    for (const segment of this.#segments) if (segment.lastSeq > this.acknowledged) segment.acknowledgedAt = undefined
    this.acknowledge(seq)
  }

  acknowledge(seq: number): void {
    this.acknowledged = Math.max(this.acknowledged, Math.min(seq, this.last))
    this.everAcknowledged = Math.max(this.everAcknowledged, this.acknowledged)
    const now = this.#options.time.now()
    for (const segment of this.#segments.slice(this.#segments.findIndex(({ acknowledgedAt }) => acknowledgedAt === undefined))) {
      if (segment.lastSeq > this.acknowledged || segment === this.#segments.at(-1)) break
      segment.acknowledgedAt = now
      if (this.#options.keepAcknowledgedMs > 0) noteInstant(segment, now)
    }
    this.expire(now)
  }

  /** Lets go of what was acknowledged long enough ago. */
  expire(now: number): void {
    const before = now - this.#options.keepAcknowledgedMs
    while (this.#segments.length > 1 && (this.#segments[0]?.acknowledgedAt ?? Infinity) <= before) this.#removeOldest()
  }

  /** When the oldest segment was acknowledged; undefined when it isn't, or holds nothing. */
  get oldestAcknowledgedAt(): number | undefined {
    const [oldest, ...more] = this.#segments
    if (!oldest || oldest.bytes === 0 || oldest.lastSeq > this.acknowledged) return undefined
    return more.length > 0 ? oldest.acknowledgedAt : Infinity
  }

  /** Gives its oldest segment up. `lost` counts the records in it that the collector doesn't have. */
  async dropOldest(): Promise<{ bytes: number; lost: number }> {
    const oldest = this.#segments[0]
    if (!oldest || oldest.bytes === 0) return { bytes: 0, lost: 0 }
    const { bytes } = oldest
    const lost = Math.max(0, oldest.lastSeq - Math.max(this.acknowledged, oldest.firstSeq - 1))
    if (this.#segments.length > 1) this.#removeOldest()
    else await this.#emptyInPlace(oldest)
    return { bytes, lost }
  }

  async close(): Promise<void> {
    await this.#handle?.close()
    this.#handle = undefined
  }

  async #segmentFor(bytes: number): Promise<Segment> {
    const { segmentBytes, time } = this.#options
    const active = this.#segments.at(-1)
    if (active?.bytes === 0) active.begunAt = time.now()
    const isFull = active && active.bytes > 0 && (active.bytes + bytes > segmentBytes || time.now() - active.begunAt > begunAgainAfterMs)
    return active && !isFull && !this.#isTailDamaged ? active : this.#startSegment()
  }

  async #append(segment: Segment, bytes: Buffer): Promise<void> {
    const handle = await this.#handleOf(segment)
    try {
      await handle.appendFile(bytes)
    } catch (error) {
      this.#isTailDamaged = true
      await handle.truncate(segment.bytes)
      this.#isTailDamaged = false
      throw error
    }
  }

  /** The old segment is on the disk before the new one exists, and the new one's name before anything is written to it. */
  async #startSegment(): Promise<Segment> {
    await this.#handle?.datasync()
    await this.close()
    const { dir, lane, time } = this.#options
    const firstSeq = this.last + 1
    const segment = emptySegment(join(dir, segmentName(lane, firstSeq)), firstSeq, time.now())
    await this.#handleOf(segment)
    await syncFolder(dir)
    this.#segments.push(segment)
    this.#isTailDamaged = false
    this.acknowledge(this.acknowledged)
    return segment
  }

  async #handleOf(segment: Segment): Promise<FileHandle> {
    if (!this.#handle) {
      this.#handle = await open(segment.file, 'a', 0o600).catch(asReplaced)
      this.#inode = (await this.#handle.stat()).ino
    }
    return this.#handle
  }

  #expectOurs({ file, bytes }: Segment): void {
    const found = statSync(file, { throwIfNoEntry: false })
    if (found?.ino !== this.#inode || found.size !== bytes) throw replaced()
  }

  /**
   * The only segment, without asking a full disk for another file. Named anew before it is cut: a crash in between
   * leaves lines that are older than their file's name, and those count for nothing.
   */
  async #emptyInPlace(segment: Segment): Promise<void> {
    const { dir, lane, time } = this.#options
    const firstSeq = this.last + 1
    const file = join(dir, segmentName(lane, firstSeq))
    renameSync(segment.file, file)
    segment.file = file
    await syncFolder(dir)
    emptyFile(file)
    this.#segments = [emptySegment(file, firstSeq, time.now())]
  }

  #removeOldest(): void {
    const oldest = this.#segments.shift()
    if (oldest) rmSync(oldest.file, { force: true })
  }
}

const replaced = (cause?: unknown): Fault =>
  new Fault('spool-replaced', 'the files of the spool were replaced or set back while the agent ran', { cause })

/** A folder that is gone takes no file. */
function asReplaced(error: unknown): never {
  throw isMissing(error) ? replaced(error) : error
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

/** A segment that somebody took away reads as a gap. */
function readIfThere(...[segment, ...rest]: Parameters<typeof readSegment>): Spooled[] {
  try {
    return readSegment(segment, ...rest)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** The file's own time says over a restart when it was acknowledged; where that can't be set, it was when it was written. */
function noteInstant({ file }: Segment, now: number): boolean {
  try {
    utimesSync(file, now / 1_000, now / 1_000)
    return true
  } catch {
    return false
  }
}
