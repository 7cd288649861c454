import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { v7 } from 'uuid'
import { z } from 'zod'
import { Lane } from '#shared/protocol/record.ts'

/**
 * An epoch is a folder named by it. One being made ends in `.new` until it is whole, so a crash leaves either the old
 * epoch or the new one; of two, the younger (UUIDv7 sorts by time) holds everything the older had unacknowledged.
 */
const unfinished = '.new'
const acknowledgedFile = 'acknowledged.json'
const Acknowledged = z.partialRecord(Lane, z.number().int().nonnegative())
export type Acknowledged = z.infer<typeof Acknowledged>

export const newEpoch = (): string => v7()

/** Finds the epoch in `dir`, or makes the first; removes what a crash left behind. */
export function findEpoch(dir: string): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const folders = readdirSync(dir)
    .sort()
    .filter((name) => /^[0-9a-f-]{36}(\.new)?$/.test(name))
  const epoch = folders.findLast((name) => !name.endsWith(unfinished))
  for (const name of folders) if (name !== epoch) rmSync(join(dir, name), { recursive: true, force: true })
  if (epoch !== undefined) return epoch
  const first = newEpoch()
  mkdirSync(join(dir, first), { mode: 0o700 })
  return first
}

/** Where a new epoch is built; `finishEpoch` makes it count. */
export function beginEpoch(dir: string, epoch: string): string {
  const folder = join(dir, epoch + unfinished)
  mkdirSync(folder, { mode: 0o700 })
  return folder
}

export async function finishEpoch(dir: string, epoch: string, old: string): Promise<void> {
  await syncFolder(join(dir, epoch + unfinished))
  renameSync(join(dir, epoch + unfinished), join(dir, epoch))
  await syncFolder(dir)
  rmSync(join(dir, old), { recursive: true, force: true })
}

/** A hint only: at worst acknowledged records are sent again, which changes nothing (invariant 2). */
export function readAcknowledged(folder: string): Acknowledged {
  try {
    const parsed = Acknowledged.safeParse(JSON.parse(readFileSync(join(folder, acknowledgedFile), 'utf8')))
    return parsed.success ? parsed.data : {}
  } catch {
    return {}
  }
}

export function writeAcknowledged(folder: string, acknowledged: Acknowledged): void {
  const file = join(folder, acknowledgedFile)
  writeFileSync(`${file}.tmp`, JSON.stringify(acknowledged), { mode: 0o600 })
  renameSync(`${file}.tmp`, file)
}

/** Makes names in `folder` durable. Windows can't open a folder and doesn't need this. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
