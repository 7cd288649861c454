import { constants } from 'node:fs'
import { open, readlink } from 'node:fs/promises'

/*
 * A folder that is held open while something is done in it. Enters: its path. Leaves: names in it. Promises: it is the
 * folder that the path names without any link, and the names lead into that very one whatever is put in its place later.
 * Threat: whoever may write above it swaps it for a link between a look and a deed, and leads this process, root, elsewhere.
 */
export interface HeldFolder extends AsyncDisposable {
  at(name: string): string
}

/** @throws Error with one sentence, where a link leads there, it is no folder, or this is not Linux. */
export async function holdFolder(path: string): Promise<HeldFolder> {
  // Nowhere else can Node name a file from an open folder.
  if (process.platform !== 'linux') throw new Error('files are sealed away and put back on Linux only so far')
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  const held = `/proc/self/fd/${handle.fd}`
  const found = await readlink(held)
  if (found !== path) {
    await handle.close()
    throw new Error(`a link leads to its folder, which is ${found}; name it by that`)
  }
  return { at: (name) => `${held}/${name}`, [Symbol.asyncDispose]: () => handle.close() }
}
