import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { v7 } from 'uuid'

/**
 * An epoch is a folder named by it. One being made ends in `.new` until it is whole, so a crash leaves either the old
 * epoch or the new one; of two, the younger (UUIDv7 sorts by time) holds everything the older had unacknowledged.
 */
const unfinished = '.new'

/** A UUIDv7 that sorts behind `old`, also when the clock was set back meanwhile. */
export function newEpoch(now: number, old?: string): string {
  const oldMs = old === undefined ? 0 : Number.parseInt(old.replace('-', '').slice(0, 12), 16)
  return v7({ msecs: Math.max(Math.floor(now), oldMs + 1) })
}

/** Finds the epoch in `dir`, or makes the first; removes what a crash left behind. */
export function findEpoch(dir: string, now: number): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const folders = epochsIn(dir, true)
  const epoch = folders.findLast((name) => !name.endsWith(unfinished))
  for (const name of folders) if (name !== epoch) rmSync(join(dir, name), { recursive: true, force: true })
  if (epoch !== undefined) return epoch
  const first = newEpoch(now)
  mkdirSync(join(dir, first), { mode: 0o700 })
  return first
}

/** Oldest first. */
export function epochsIn(dir: string, withUnfinished = false): string[] {
  const name = withUnfinished ? /^[0-9a-f-]{36}(\.new)?$/ : /^[0-9a-f-]{36}$/
  return readdirSync(dir)
    .filter((found) => name.test(found))
    .sort()
}

/** Where a new epoch is built; `finishEpoch` makes it count, `abandonEpoch` takes it away. */
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

export function abandonEpoch(dir: string, epoch: string): void {
  rmSync(join(dir, epoch + unfinished), { recursive: true, force: true })
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
