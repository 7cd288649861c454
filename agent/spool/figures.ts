import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Lane } from '#shared/protocol/record.ts'
import { epochsIn } from './folder.ts'
import { emptySegment, lastSeqIn } from './segment.ts'
import { listSegments } from './segment-names.ts'
import { readState } from './state.ts'

export interface LaneFigures {
  lane: Lane
  /** The first seq that is still there; one more than `last` when nothing is. */
  firstKept: number
  acknowledged: number
  last: number
  /** Signals that were given up, in this epoch and those before it. */
  lost: number
  bytes: number
}

/** What lies in the spool of a data folder, also while another process writes it: nothing here is opened for writing. */
export function readFigures(spoolDir: string): LaneFigures[] {
  const epoch = existsSync(spoolDir) ? epochsIn(spoolDir).at(-1) : undefined
  if (epoch === undefined) return []
  const folder = join(spoolDir, epoch)
  const state = readState(folder)
  return Lane.options.map((lane) => {
    const segments = listSegments(folder, lane)
    const newest = segments.at(-1)
    const last = newest ? lastSeqIn(emptySegment(newest.file, newest.firstSeq, 0, newest.shift)) : 0
    const bytes = segments.reduce((sum, { file }) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0)
    const [acknowledged, lost] = [state.acknowledged[lane] ?? 0, state.lost[lane] ?? 0]
    return { lane, firstKept: segments[0]?.firstSeq ?? last + 1, acknowledged, last, lost, bytes }
  })
}
