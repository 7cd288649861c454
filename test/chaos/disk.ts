import { spawnSync } from 'node:child_process'
import { closeSync, cpSync, existsSync, mkdirSync, openSync, renameSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'

/*
 * A small disk of its own for one side: a tmpfs that can be filled. Only root may mount one; elsewhere it is a folder
 * like any other, and faults that fill disks leave it alone.
 */
export interface Disk {
  folder: string
  isOwn: boolean
  isFull(): boolean
  /** Takes every byte that is left. */
  fill(): void
  empty(): void
  /** What lies on it stays in the folder, for whoever wants to know how it went. */
  remove(): void
  /** With all that lies on it. */
  discard(): void
}

const chunkBytes = [1_048_576, 4_096, 256] as const

export function openDisk(folder: string, mebibytes: number): Disk {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const isOwn = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0755`, 'tmpfs', folder]).status === 0
  const filler = join(folder, 'filler')
  return {
    folder,
    isOwn,
    isFull: () => existsSync(filler),
    fill: () => isOwn && fill(filler),
    empty: () => rmSync(filler, { force: true }),
    discard: () => {
      if (isOwn) spawnSync('umount', ['--lazy', folder])
      rmSync(folder, { recursive: true, force: true })
    },
    remove: () => isOwn && unmount(folder, filler),
  }
}

function unmount(folder: string, filler: string): void {
  const aside = `${folder}.aside`
  rmSync(filler, { force: true })
  cpSync(folder, aside, { recursive: true })
  spawnSync('umount', ['--lazy', folder])
  rmSync(folder, { recursive: true })
  renameSync(aside, folder)
}

function fill(file: string): void {
  const { bavail, bsize } = statfsSync(dirname(file))
  // At once, where the program is there; what is left then, or all of it, is written.
  spawnSync('fallocate', ['--length', String(Math.max(1, bavail * bsize)), file])
  const descriptor = openSync(file, 'a')
  for (const bytes of chunkBytes) while (hasRoomFor(descriptor, bytes));
  closeSync(descriptor)
}

function hasRoomFor(descriptor: number, bytes: number): boolean {
  try {
    return writeSync(descriptor, Buffer.alloc(bytes)) === bytes
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false
    throw error
  }
}
