import { accessSync, constants, mkdirSync } from 'node:fs'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'

/** Makes the folder (readable by its owner only) where it is missing, and refuses one that can't be written. */
export function prepareDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
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
