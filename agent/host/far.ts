import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { farFoldersIn, isBelow } from '#shared/domain/far-folders.ts'
import { nameOf } from './raw-names.ts'

/** What lies on another machine, or behind somebody's own program, which may never answer; the kernel answers this out of its memory. A name that is no UTF-8 is there as readers know it, and as `nameOf` has it. */
export function farFolders(root = ''): string[] {
  try {
    const mounts = readFileSync(join(root, '/proc/self/mountinfo'))
    const text = mounts.toString('utf8')
    const names = nameOf(mounts)
    return names === text ? farFoldersIn(text) : [...new Set([...farFoldersIn(text), ...farFoldersIn(names)])]
  } catch {
    return []
  }
}

export const isFar = (path: string, far: readonly string[]): boolean => far.some((folder) => isBelow(path, folder))
