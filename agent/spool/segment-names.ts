import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Lane } from '#shared/protocol/record.ts'
import { emptySegment, glanceAtSegment, type Segment, scanSegment } from './segment.ts'

/** `signals-000000000001.log`; `samples-000000000001+5000.log` holds lines that number themselves 5001 and so on. */
export function segmentName(lane: Lane, firstSeq: number, shift = 0): string {
  return `${lane}-${String(firstSeq).padStart(12, '0')}${shift > 0 ? `+${shift}` : ''}.log`
}

interface Named {
  file: string
  firstSeq: number
  shift: number
}

/** The segments of a lane by their names, oldest first, without a look into them. */
export function listSegments(dir: string, lane: Lane): Named[] {
  const name = new RegExp(`^${lane}-(\\d{12})(?:\\+(\\d+))?\\.log$`)
  const named = readdirSync(dir).flatMap((file) => {
    const [, firstSeq, shift = '0'] = name.exec(file) ?? []
    return firstSeq === undefined ? [] : [{ file: join(dir, file), firstSeq: Number(firstSeq), shift: Number(shift) }]
  })
  return named.sort((a, b) => a.firstSeq - b.firstSeq)
}

/**
 * Opens a lane: only the newest segment is read through, because only its end can be torn. So a spool of any size opens
 * in the time that one segment takes. Older ones count as acknowledged when they were last touched, until told better.
 */
export function findSegments(dir: string, lane: Lane, now: number): Segment[] {
  const named = listSegments(dir, lane)
  return named.map(({ file, firstSeq, shift }, index) => {
    const { birthtimeMs, mtimeMs } = statSync(file)
    const segment = emptySegment(file, firstSeq, Math.min(birthtimeMs || mtimeMs, now), shift)
    const next = named[index + 1]
    if (!next) return scanSegment(segment)
    return { ...glanceAtSegment(segment, next.firstSeq - 1), acknowledgedAt: Math.min(mtimeMs, now) }
  })
}
