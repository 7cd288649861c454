import { lstat, readlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isBelow } from '#shared/domain/far-folders.ts'

const maxLinks = 8
const writableByOthers = 0o022

/**
 * Where a path leads. Links count that root laid where nobody else may (`/home` on another disk); whoever else lays one is not followed.
 * Undefined where one of those is in the way, nothing is, or the way leads to another machine, which isn't asked.
 */
export async function whereItLeads(path: string, far: readonly string[], links = maxLinks): Promise<string | undefined> {
  let folder = '/'
  const names = path.split('/').filter(Boolean)
  for (const [at, name] of names.entries()) {
    const next = join(folder, name)
    if (far.some((each) => isBelow(next, each))) return undefined
    const found = await lstat(next).catch(() => undefined)
    if (!found) return undefined
    if (found.isSymbolicLink()) {
      if (links === 0 || found.uid !== 0 || !(await isRootsOnly(folder))) return undefined
      return whereItLeads(join(resolve(folder, await readlink(next)), ...names.slice(at + 1)), far, links - 1)
    }
    folder = next
  }
  return folder
}

async function isRootsOnly(folder: string): Promise<boolean> {
  const { uid, mode } = await lstat(folder)
  return uid === 0 && (mode & writableByOthers) === 0
}
