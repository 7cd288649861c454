import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'

/** Makes the folder (readable by its owner only) where it is missing, and refuses one that can't be written. */
export function prepareDataFolder(folder: string): void {
  try {
    makeFolder(resolve(folder))
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new Fault(
      'data-folder-not-writable',
      `The data folder ${folder} can't be written (${sentenceOf(error)}); choose another with --data.`,
      {
        cause: error,
      },
    )
  }
}

/** Level by level: Node's own `recursive` never returns where a folder refuses with "no such file", as those of /proc do. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  mkdirSync(folder, { mode: 0o700 })
}
