import { copyFileSync, linkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Lane } from '#shared/protocol/record.ts'
import type { Entry, LaneLog } from './lane-log.ts'
import { isDiskFull, isKept, type Lanes } from './lanes.ts'
import { lostBody } from './lost.ts'
import type { Spooled } from './segment.ts'
import { segmentName } from './segment-names.ts'

const copiedAtOnce = 200
const copiedBytes = 1_048_576

/** `kept`: also what is kept after its acknowledgement, since nobody knows what the collector of a new epoch still has. */
export type Scope = 'kept' | 'unacknowledged'

/**
 * What a new epoch begins with, numbered anew and in order. Lists of what stood are left behind: a list that is older
 * than what the collector knows would clear what is true, and the next connection brings a fresh one.
 */
export async function copyRecords(from: Lanes, to: Lanes, scope: Scope): Promise<void> {
  to.inherit(from)
  for (const lane of ['security', 'signals', 'inventory'] as const) {
    const log = from.of(lane)
    let after = scope === 'kept' && isKept(lane) ? log.firstKept - 1 : log.acknowledged
    let told = log.everAcknowledged
    for (let found = readOn(log, after); found.length > 0; found = readOn(log, after)) {
      const entries = found.flatMap((record, index) => entriesOf(log, record, Math.max(told, found[index - 1]?.seq ?? 0)))
      if (entries.length > 0) await writeCopy(from, to, lane, entries)
      after = found.at(-1)?.seq ?? after
      told = Math.max(told, after)
    }
    const missing = log.last - told
    if (isKept(lane) && missing > 0) await writeCopy(from, to, lane, lostEntry(missing))
  }
}

const readOn = (log: LaneLog, after: number): Spooled[] => log.read(after, copiedAtOnce, copiedBytes)

/** Records that are missing before this one, and were not said to be, go on as lost. `told`: up to it the collector was told of all. */
function entriesOf(log: LaneLog, { seq, body, lost = 0 }: Spooled, told: number): Entry[] {
  const missing = isKept(log.lane) ? Math.max(0, seq - 1 - told) : 0
  if (lost > 0) return seq > told ? lostEntry(seq - told) : []
  return [...(missing > 0 ? lostEntry(missing) : []), ...(isStanding(body) ? [] : [{ body: JSON.stringify(body), span: 1 }])]
}

const lostEntry = (count: number): Entry[] => [{ body: lostBody(count), span: count }]

const isStanding = (body: unknown): boolean => typeof body === 'object' && body !== null && 'type' in body && body.type === 'standing'

/** The disk holds both epochs for a moment; what it needs for that, the old one gives up. */
async function writeCopy(from: Lanes, to: Lanes, lane: Lane, entries: Entry[]): Promise<void> {
  for (;;) {
    try {
      await to.of(lane).write(entries)
      return
    } catch (error) {
      if (!isDiskFull(error)) throw error
      await from.makeRoom(lane, true)
    }
  }
}

/** Samples are most of a spool: their files are taken over as they are, under names that say how they count now. */
export function takeOverSamples({ segments, acknowledged, last }: LaneLog, folder: string): void {
  const open = segments.filter(({ lastSeq }) => lastSeq > acknowledged)
  const before = (open[0]?.firstSeq ?? 1) - 1
  for (const { file, firstSeq, shift } of open) takeOver(file, join(folder, segmentName('samples', firstSeq - before, shift + before)))
  // Appended to is only a segment that counts by itself.
  if (open.length > 0) writeFileSync(join(folder, segmentName('samples', last - before + 1)), '', { mode: 0o600 })
}

function takeOver(file: string, name: string): void {
  try {
    linkSync(file, name)
  } catch (error) {
    // Not every file system has a second name for a file.
    if (!(error instanceof Error)) throw new TypeError(`${basename(file)} could not be taken over`, { cause: error })
    copyFileSync(file, name)
  }
}
