import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** The collector's secrets: a folder only its owner may enter, files only its owner may read, each written whole. */
export interface KeyFiles {
  read(name: string): string | undefined
  write(name: string, text: string): void
}

export function openKeyFiles(folder: string): KeyFiles {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
  return {
    read: (name) => readIfThere(join(folder, name)),
    write: (name, text) => {
      const file = join(folder, name)
      writeDurably(`${file}.new`, text)
      renameSync(`${file}.new`, file)
      syncFolder(folder)
    },
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function writeDurably(file: string, text: string): void {
  const descriptor = openSync(file, 'w', 0o600)
  try {
    writeSync(descriptor, text)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Makes the rename itself last; Windows has no such call. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(folder, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}
