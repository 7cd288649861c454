import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs'
import { Fault } from '#shared/domain/fault.ts'
import { bodyOf, isFromNewerFormat, seqOf } from './line.ts'
import { lostIn } from './lost.ts'

export interface Spooled {
  seq: number
  body: unknown
  /** It stands for so many signals that were lost before they could be spooled; `seq` is the last of theirs. */
  lost?: number
}

/** One file of a lane. Seqs in it only rise; a seq that is missing was damaged on disk. */
export interface Segment {
  file: string
  /** The first seq this file may hold; it stands in its name. */
  firstSeq: number
  /** `firstSeq - 1` while it is empty. */
  lastSeq: number
  /** How much higher its lines number themselves: a segment of an older epoch is taken over as it is. */
  shift: number
  bytes: number
  /** Where some of its records start, so that a read begins close to what it looks for. */
  marks: { seq: number; offset: number }[]
  /** When it was written to first, epoch ms. */
  begunAt: number
  /** Since when the collector has all of it, epoch ms. */
  acknowledgedAt: number | undefined
}

/** A read looks through at most this much before it finds what it wants. */
const bytesPerMark = 32_768
const chunkBytes = 65_536
const lineEnd = 0x0a

export function emptySegment(file: string, firstSeq: number, begunAt: number, shift = 0): Segment {
  return { file, firstSeq, lastSeq: firstSeq - 1, shift, bytes: 0, marks: [], begunAt, acknowledgedAt: undefined }
}

/** Tells the index of a line that now stands at the segment's end (or, while scanning, at `offset`). */
export function noteLine(segment: Segment, seq: number, lineBytes: number, offset = segment.bytes): void {
  mark(segment, seq, offset)
  segment.lastSeq = seq
  segment.bytes = offset + lineBytes
}

function mark({ marks }: Segment, seq: number, offset: number): void {
  const last = marks.at(-1)
  if (!last || (seq > last.seq && offset >= last.offset + bytesPerMark)) marks.push({ seq, offset })
}

/** Reads every line of the newest segment, keeps the whole ones, and cuts off whatever stands behind the last whole one. */
export function scanSegment(segment: Segment): Segment {
  const descriptor = openSync(segment.file, 'r+')
  try {
    let endsAt = 0
    for (const { line, offset } of linesFrom(descriptor, 0)) {
      const seq = seqOf(line)
      if (seq !== undefined && seq > segment.lastSeq) noteLine(segment, seq, line.length + 1, offset)
      else refuseNewer(line)
      endsAt = offset + line.length + 1
    }
    cutTail(descriptor, segment.bytes, endsAt)
  } finally {
    closeSync(descriptor)
  }
  return segment
}

/** The last whole line's seq, read beside whoever writes the file; `firstSeq - 1` when there is none. */
export function lastSeqIn({ file, firstSeq }: Segment): number {
  const descriptor = openSync(file, 'r')
  try {
    let last = firstSeq - 1
    for (const { line } of linesFrom(descriptor, 0)) last = Math.max(last, seqOf(line) ?? 0)
    return last
  } finally {
    closeSync(descriptor)
  }
}

/** An older segment was synced before the next one began: its size and its neighbour's name say what is in it. */
export function glanceAtSegment(segment: Segment, lastSeq: number): Segment {
  const descriptor = openSync(segment.file, 'r')
  try {
    const start = Buffer.alloc(64)
    refuseNewer(start.subarray(0, readSync(descriptor, start, 0, start.length, 0)))
    return { ...segment, lastSeq, bytes: fstatSync(descriptor).size }
  } finally {
    closeSync(descriptor)
  }
}

/** Whole records after `afterSeq`, up to and including `upToSeq`. The first may be larger than `maxBytes`. */
export function readSegment(segment: Segment, afterSeq: number, upToSeq: number, maxRecords: number, maxBytes: number): Spooled[] {
  const found: Spooled[] = []
  const descriptor = openSync(segment.file, 'r')
  try {
    let bytes = 0
    for (const { line, offset } of linesFrom(descriptor, startOf(segment, afterSeq))) {
      const seq = (seqOf(line) ?? 0) - segment.shift
      if (seq < segment.firstSeq) continue
      mark(segment, seq, offset)
      if (seq <= afterSeq) continue
      bytes += line.length
      if (seq > upToSeq || found.length >= maxRecords || (found.length > 0 && bytes > maxBytes)) break
      found.push(spooled(seq, bodyOf(line)))
    }
  } finally {
    closeSync(descriptor)
  }
  return found
}

/** Nothing is left in it, on the disk itself. */
export function emptyFile(file: string): void {
  const descriptor = openSync(file, 'r+')
  try {
    ftruncateSync(descriptor)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function spooled(seq: number, body: unknown): Spooled {
  const lost = lostIn(body)
  return lost === undefined ? { seq, body } : { seq, body, lost }
}

function startOf(segment: Segment, afterSeq: number): number {
  return segment.marks.findLast((candidate) => candidate.seq <= afterSeq + 1)?.offset ?? 0
}

function refuseNewer(line: Buffer): void {
  if (isFromNewerFormat(line))
    throw new Fault('spool-too-new', 'this spool was written by a newer agent; run that one, or move the spool away')
}

/** `endsAt` is where the last complete line ended; bytes without a line end may stand behind it. */
function cutTail(descriptor: number, keepBytes: number, endsAt: number): void {
  const hasMore = readSync(descriptor, Buffer.alloc(1), 0, 1, keepBytes) > 0
  if (!hasMore && endsAt === keepBytes) return
  ftruncateSync(descriptor, keepBytes)
  fsyncSync(descriptor)
}

/** Complete lines from `offset` on, read in chunks; what follows the last line end is not a line. */
function* linesFrom(descriptor: number, from: number): Generator<{ line: Buffer; offset: number }> {
  let offset = from
  let rest: Buffer = Buffer.alloc(0)
  for (;;) {
    const chunk = Buffer.alloc(chunkBytes)
    const count = readSync(descriptor, chunk, 0, chunkBytes, offset + rest.length)
    if (count === 0) return
    rest = Buffer.concat([rest, chunk.subarray(0, count)])
    let start = 0
    for (let end = rest.indexOf(lineEnd); end >= 0; end = rest.indexOf(lineEnd, start)) {
      yield { line: rest.subarray(start, end), offset: offset + start }
      start = end + 1
    }
    offset += start
    rest = rest.subarray(start)
  }
}
