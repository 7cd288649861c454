import { closeSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs'
import { Fault } from '#shared/domain/fault.ts'
import { bodyOf, isFromNewerFormat, seqOf } from './line.ts'

export interface Spooled {
  seq: number
  body: unknown
}

/** One file of a lane. Seqs in it only rise; a seq that is missing was damaged on disk. */
export interface Segment {
  file: string
  /** The first seq this file may hold; it stands in its name. */
  firstSeq: number
  /** `firstSeq - 1` while it is empty. */
  lastSeq: number
  bytes: number
  /** Where every `recordsPerMark`th record starts, so that a read begins close to what it looks for. */
  marks: { seq: number; offset: number }[]
  recordsSinceMark: number
}

const recordsPerMark = 16
const chunkBytes = 65_536
const lineEnd = 0x0a

export function emptySegment(file: string, firstSeq: number): Segment {
  return { file, firstSeq, lastSeq: firstSeq - 1, bytes: 0, marks: [], recordsSinceMark: 0 }
}

/** Tells the index of a line that now stands at the segment's end (or, while scanning, at `offset`). */
export function noteLine(segment: Segment, seq: number, lineBytes: number, offset = segment.bytes): void {
  if (segment.recordsSinceMark === 0) segment.marks.push({ seq, offset })
  segment.recordsSinceMark = (segment.recordsSinceMark + 1) % recordsPerMark
  segment.lastSeq = seq
  segment.bytes = offset + lineBytes
}

/** Reads every line once, keeps the whole ones, and cuts off whatever stands behind the last whole one. */
export function scanSegment(file: string, firstSeq: number): Segment {
  const segment = emptySegment(file, firstSeq)
  const descriptor = openSync(file, 'r+')
  try {
    let endsAt = 0
    for (const { line, offset } of linesFrom(descriptor, 0)) {
      const seq = seqOf(line)
      if (seq !== undefined && seq > segment.lastSeq) noteLine(segment, seq, line.length + 1, offset)
      else if (isFromNewerFormat(line))
        throw new Fault('spool-too-new', 'this spool was written by a newer agent; run that one, or move the spool away')
      endsAt = offset + line.length + 1
    }
    cutTail(descriptor, segment.bytes, endsAt)
  } finally {
    closeSync(descriptor)
  }
  return segment
}

/** Whole records after `afterSeq`, up to and including `upToSeq`. The first may be larger than `maxBytes`. */
export function readSegment(segment: Segment, afterSeq: number, upToSeq: number, maxRecords: number, maxBytes: number): Spooled[] {
  const found: Spooled[] = []
  const descriptor = openSync(segment.file, 'r')
  try {
    let bytes = 0
    for (const { line } of linesFrom(descriptor, startOf(segment, afterSeq))) {
      const seq = seqOf(line)
      if (seq === undefined || seq <= afterSeq) continue
      bytes += line.length
      if (seq > upToSeq || found.length >= maxRecords || (found.length > 0 && bytes > maxBytes)) break
      found.push({ seq, body: bodyOf(line) })
    }
  } finally {
    closeSync(descriptor)
  }
  return found
}

function startOf(segment: Segment, afterSeq: number): number {
  const mark = segment.marks.findLast((candidate) => candidate.seq <= afterSeq + 1)
  return mark?.offset ?? 0
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
