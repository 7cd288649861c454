import { readFile } from 'node:fs/promises'
import { Fault } from '#shared/domain/fault.ts'
import { mustBeGood } from '../../desk/matrices.ts'
import { loadMatrix, type Matrix } from '../../route/matrix.ts'

/** What `matrix` can do: one file here, named in `matrix.ts`. */
export interface Act {
  /** Its lines of the help. */
  usage: string
  run(args: string[]): Promise<void>
}

/** @throws Fault with a line for each error. */
export const readMatrix = async (file: string): Promise<Matrix> => mustBeGood(await loadMatrix(file), file)

/** @throws Fault `flag-bad` when one of them wasn't named. */
export function named(positionals: readonly string[], ...names: string[]): string[] {
  const missing = names.slice(positionals.length)
  if (missing.length > 0) throw new Fault('flag-bad', `Name ${missing.join(' and ')}. --help shows how.`)
  return [...positionals]
}

/** @throws Fault with the name of a file that cannot be read. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new Fault('file-unreadable', `${file} can't be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'}).`, { cause })
  }
}
