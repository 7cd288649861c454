import { readdirSync, rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lane } from '#shared/protocol/record.ts'
import { syncFolder } from './folder.ts'
import { writeLine } from './line.ts'
import { emptySegment, noteLine, readSegment, type Segment, type Spooled, scanSegment } from './segment.ts'

/**
 * One lane on disk: segment files, oldest first, of which the last is written to. There is always a last one, because
 * its name (the seq it begins with) is what keeps seqs rising when everything before it was acknowledged and deleted.
 * Only the spool's one writer calls the asynchronous methods, one at a time.
 */
export class LaneLog {
  readonly lane: Lane
  readonly #dir: string
  readonly #segmentBytes: number
  #segments: Segment[]
  #handle: FileHandle | undefined
  /** Last seq written, and last seq known to be on the disk itself. */
  last: number
  synced: number
  acknowledged: number
  /** Highest seq the collector can have: what was here when this was opened, or was sent since. */
  sent: number

  constructor(dir: string, lane: Lane, segmentBytes: number, acknowledged: number) {
    this.lane = lane
    this.#dir = dir
    this.#segmentBytes = segmentBytes
    this.#segments = findSegments(dir, lane)
    this.last = this.#segments.at(-1)?.lastSeq ?? 0
    this.synced = this.last
    this.sent = this.last
    this.acknowledged = Math.min(acknowledged, this.last)
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  get firstKept(): number {
    return this.#segments[0]?.firstSeq ?? this.last + 1
  }

  /** `bodies` are JSON. Resolves with the seq of the first one once all are written; on failure none of them is. */
  async write(bodies: string[]): Promise<number> {
    const first = this.last + 1
    const lines = bodies.map((body, index) => writeLine(first + index, body))
    const segment = await this.#segmentFor(lines)
    const handle = await this.#handleOf(segment)
    try {
      await handle.appendFile(Buffer.concat(lines))
    } catch (error) {
      await handle.truncate(segment.bytes)
      throw error
    }
    lines.forEach((line, index) => {
      noteLine(segment, first + index, line.length)
    })
    this.last = first + lines.length - 1
    return first
  }

  async sync(): Promise<void> {
    const written = this.last
    await this.#handle?.datasync()
    this.synced = written
  }

  read(afterSeq: number, maxRecords: number, maxBytes: number): Spooled[] {
    for (const segment of this.#segments) {
      if (segment.lastSeq <= afterSeq) continue
      const found = readSegment(segment, afterSeq, this.synced, maxRecords, maxBytes)
      if (found.length > 0) return found
    }
    return []
  }

  acknowledge(seq: number): void {
    this.acknowledged = Math.max(this.acknowledged, Math.min(seq, this.last))
    while (this.#segments.length > 1 && (this.#segments[0]?.lastSeq ?? Infinity) <= this.acknowledged) this.#removeOldest()
  }

  /** Gives its oldest segment up. `lost` counts the records in it that nobody had acknowledged. */
  async dropOldest(): Promise<{ bytes: number; lost: number }> {
    const oldest = this.#segments[0]
    if (!oldest || oldest.bytes === 0) return { bytes: 0, lost: 0 }
    if (this.#segments.length === 1) await this.#startSegment()
    this.#removeOldest()
    return { bytes: oldest.bytes, lost: Math.max(0, oldest.lastSeq - Math.max(this.acknowledged, oldest.firstSeq - 1)) }
  }

  async close(): Promise<void> {
    await this.#handle?.close()
    this.#handle = undefined
  }

  async #segmentFor(lines: Buffer[]): Promise<Segment> {
    const active = this.#segments.at(-1)
    const bytes = lines.reduce((sum, line) => sum + line.length, 0)
    if (active && (active.bytes === 0 || active.bytes + bytes <= this.#segmentBytes)) return active
    return this.#startSegment()
  }

  /** The old segment is on the disk before the new one exists, and the new one's name before anything is written to it. */
  async #startSegment(): Promise<Segment> {
    await this.#handle?.datasync()
    await this.close()
    const firstSeq = this.last + 1
    const segment = emptySegment(join(this.#dir, `${this.lane}-${String(firstSeq).padStart(12, '0')}.log`), firstSeq)
    await this.#handleOf(segment)
    await syncFolder(this.#dir)
    this.#segments.push(segment)
    return segment
  }

  async #handleOf(segment: Segment): Promise<FileHandle> {
    this.#handle ??= await open(segment.file, 'a', 0o600)
    return this.#handle
  }

  #removeOldest(): void {
    const oldest = this.#segments.shift()
    if (oldest) rmSync(oldest.file, { force: true })
  }
}

function findSegments(dir: string, lane: Lane): Segment[] {
  const name = new RegExp(`^${lane}-(\\d{12})\\.log$`)
  return readdirSync(dir)
    .sort()
    .flatMap((file) => {
      const firstSeq = name.exec(file)?.[1]
      return firstSeq === undefined ? [] : [scanSegment(join(dir, file), Number(firstSeq))]
    })
}
