import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { farFoldersIn, isBelow } from '#shared/domain/far-folders.ts'

/** What lies on another machine, or behind somebody's own program, which may never answer; the kernel answers this out of its memory. */
export function farFolders(root = ''): string[] {
  try {
    return farFoldersIn(readFileSync(join(root, '/proc/self/mountinfo'), 'utf8'))
  } catch {
    return []
  }
}

export const isFar = (path: string, far: readonly string[]): boolean => far.some((folder) => isBelow(path, folder))
