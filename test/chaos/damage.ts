import { cpSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import type { AgentSide } from './agent-side.ts'
import { keptLine, keyOf, type Line, placeOf } from './history.ts'
import type { Random } from './random.ts'
import { acknowledgedIn, readSpool, type SpoolFile, segmentsIn } from './spool-files.ts'

/*
 * What is done to the disk of a killed agent, and what of its promises that destroyed: its spool is read before and
 * after, by the same rules by which the agent reads it, and the difference stands in its history.
 */
export interface Damage {
  destroyed: number
  /** Those of them that the agent had noted as acknowledged. */
  acknowledged: number
  /** Signals that lie in the spool again. */
  revived: number
}

export function damageSpool({ spoolDir, note }: AgentSide, by: string, harm: () => void): Damage {
  const before = readSpool(spoolDir)
  const acknowledged = new Map([...new Set(before.map(({ epoch }) => epoch))].map((epoch) => [epoch, acknowledgedIn(spoolDir, epoch)]))
  harm()
  const after = readSpool(spoolDir)
  const keysLeft = new Set(after.map(keyOf))
  const destroyed = before
    .filter((record) => !keysLeft.has(keyOf(record)))
    .map((record) => {
      const wasAcknowledged = (acknowledged.get(record.epoch)?.[record.lane] ?? 0) >= record.seq
      return { what: 'destroyed', key: keyOf(record), wasAcknowledged } satisfies Line
    })
  const places = new Set(before.map(placeOf))
  const revived = after.filter((record) => !places.has(placeOf(record)))
  note({ what: 'damaged', by }, ...destroyed, ...revived.map(keptLine))
  return {
    destroyed: destroyed.length,
    acknowledged: destroyed.filter(({ wasAcknowledged }) => wasAcknowledged).length,
    revived: revived.length,
  }
}

export const toldOf = ({ destroyed, acknowledged, revived }: Damage): string =>
  `destroyed ${destroyed}, of which the collector had ${acknowledged}; brought back ${revived}`

/** The newest file of a lane: its last bytes are cut off or overwritten, or a half-written line follows them. */
export function tearTail(spoolDir: string, random: Random): void {
  const newest = new Map<string, SpoolFile>(segmentsIn(spoolDir).map((file) => [file.lane, file]))
  if (newest.size === 0) return
  const { path } = random.pick([...newest.values()])
  const { size } = statSync(path)
  const count = random.whole(1, Math.max(1, Math.min(size, 3_000)))
  const how = random.pick(['cut', 'overwrite', 'add'] as const)
  if (how !== 'add') truncateSync(path, Math.max(0, size - count))
  if (how !== 'cut') {
    const garbage = Buffer.from(Array.from({ length: count }, () => random.whole(0, 255)))
    writeFileSync(path, garbage, { flag: 'a' })
  }
}

export const copySpool = (spoolDir: string, copy: string): void => {
  rmSync(copy, { recursive: true, force: true })
  cpSync(spoolDir, copy, { recursive: true, preserveTimestamps: true })
}

export function setBackSpool(spoolDir: string, copy: string): void {
  rmSync(spoolDir, { recursive: true, force: true })
  cpSync(copy, spoolDir, { recursive: true, preserveTimestamps: true })
}
