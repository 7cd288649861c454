import { constants, type Stats } from 'node:fs'
import { lstat, mkdir, open, readlink, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/*
 * A folder that is held open while decoys are put into it. Promises: names lead into that very folder, whatever is put in its place
 * meanwhile, and no link led there. Threat: whoever owns a folder swaps it, or one above it, for a link, and has this process, root, write
 * where they may not. Only Linux can name a file from an open folder; elsewhere paths are used as they are.
 */
export interface HeldFolder extends AsyncDisposable {
  at(name: string): string
  owner(): Promise<Pick<Stats, 'mode' | 'uid' | 'gid'>>
}

export async function hold(path: string): Promise<HeldFolder> {
  if (process.platform !== 'linux')
    return { at: (name) => join(path, name), owner: () => lstat(path), [Symbol.asyncDispose]: async () => undefined }
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  const held = `/proc/self/fd/${handle.fd}`
  const found = await readlink(held)
  if (found !== path) {
    await handle.close()
    throw new Error(`a link leads to ${path}; name it as ${found}`)
  }
  return { at: (name) => `${held}/${name}`, owner: () => handle.stat(), [Symbol.asyncDispose]: () => handle.close() }
}

/** As `hold`; makes what is missing of it. */
export async function holdMaking(path: string): Promise<HeldFolder> {
  const isMissing = await lstat(path).then(
    () => false,
    () => true,
  )
  if (isMissing) {
    await using above = await holdMaking(dirname(path))
    await makeIn(above, basename(path), 0o755)
  }
  return hold(path)
}

/** False when something has that name. */
export const makeIn = (above: HeldFolder, name: string, mode: number): Promise<boolean> =>
  mkdir(above.at(name), { mode }).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false
      throw error
    },
  )

/** A folder that something lies in stays. */
export const removeEmpty = (above: HeldFolder, name: string): Promise<void> =>
  rmdir(above.at(name)).catch((error: NodeJS.ErrnoException) => {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'].includes(error.code ?? '')) throw error
  })
