import { cpSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import type { AgentSide } from './agent-side.ts'
import type { CollectorSide } from './collector-side.ts'
import { keptLine, keyOf, type Line, placeOf } from './history.ts'
import type { Random } from './random.ts'
import { acknowledgedIn, readSpool, type SpoolFile, segmentsIn } from './spool-files.ts'

/*
 * What is done to the disk of a killed agent, and what of its promises that destroyed: its spool is read before and
 * after, by the same rules by which the agent reads it, and the difference stands in its history.
 */
export interface Damage {
  destroyed: number
  /** Those of them that the collector had. */
  stored: number
  /** Signals that lie in the spool again. */
  revived: number
}

interface Sides {
  agent: AgentSide
  collector: CollectorSide
}

export async function damageSpool({ agent, collector }: Sides, by: string, harm: () => void): Promise<Damage> {
  const { spoolDir, note } = agent
  const before = readSpool(spoolDir)
  const acknowledged = new Map([...new Set(before.map(({ epoch }) => epoch))].map((epoch) => [epoch, acknowledgedIn(spoolDir, epoch)]))
  const stored = await storedAt(collector)
  harm()
  const after = readSpool(spoolDir)
  const keysLeft = new Set(after.map(keyOf))
  const destroyed = before
    .filter((record) => !keysLeft.has(keyOf(record)))
    .map((record) => {
      const wasAcknowledged = (acknowledged.get(record.epoch)?.[record.lane] ?? 0) >= record.seq
      const wasStored = wasAcknowledged && (stored?.has(record.id) ?? true)
      return { what: 'destroyed', key: keyOf(record), wasAcknowledged, wasStored } satisfies Line
    })
  const places = new Set(before.map(placeOf))
  const revived = after.filter((record) => !places.has(placeOf(record)))
  note({ what: 'damaged', by }, ...destroyed, ...revived.map(keptLine))
  return {
    destroyed: destroyed.length,
    stored: destroyed.filter(({ wasStored }) => wasStored).length,
    revived: revived.length,
  }
}

export const toldOf = ({ destroyed, stored, revived }: Damage): string =>
  `destroyed ${destroyed}, of which the collector had ${stored}; brought back ${revived}`

/** Ids of the signals that the collector has now; undefined while its database is away. */
async function storedAt(collector: Pick<CollectorSide, 'rows'>): Promise<ReadonlySet<string> | undefined> {
  const rows = await collector.rows('select id from signals').catch(() => undefined)
  return rows && new Set(rows.map(({ id }) => String(id)))
}

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
