import { createHash } from 'node:crypto'
import { createReadStream, mkdirSync } from 'node:fs'
import { open, rename, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'

/** Where archives lie: readable by the collector's user alone, incomplete ones under a name of their own. */
export interface Shelf {
  /** Of what has arrived. */
  size(id: string): Promise<number>
  /** Keeps what arrives, also when the line breaks. @returns the size then. */
  append(id: string, body: AsyncIterable<Uint8Array>, most: number): Promise<number>
  /** Makes it whole, when it is the file with this hash; otherwise throws it away. */
  complete(id: string, sha256: string): Promise<boolean>
  file(id: string): string
  remove(id: string): Promise<void>
  hasRoom(bytes: number): Promise<boolean>
}

/** What archives leave to the database. */
const leftFreeBytes = 1_073_741_824

export function openShelf(folder: string): Shelf {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = (id: string): string => {
    // Ids come from our own table; a path must be none by accident either.
    if (!/^[A-Za-z0-9-]{1,64}$/.test(id)) throw new TypeError('an id of an archive has letters, digits and dashes only')
    return join(folder, `${id}.tar.gz`)
  }
  const part = (id: string): string => `${file(id)}.part`
  const size = async (id: string): Promise<number> => {
    const found = await stat(part(id)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    return found?.size ?? 0
  }
  return {
    size,
    file,
    async append(id, body, most) {
      const handle = await open(part(id), 'a', 0o600)
      try {
        await pour(body, most, (bytes) => handle.appendFile(bytes))
        await handle.datasync()
      } finally {
        await handle.close()
      }
      return size(id)
    },
    async complete(id, sha256) {
      const isWhole = (await hashOf(part(id))) === sha256
      if (isWhole) await rename(part(id), file(id))
      else await rm(part(id), { force: true })
      return isWhole
    },
    async remove(id) {
      await Promise.all([rm(part(id), { force: true }), rm(file(id), { force: true })])
    },
    async hasRoom(bytes) {
      const { bavail, bsize } = await statfs(folder)
      return bavail * bsize - bytes > leftFreeBytes
    },
  }
}

/** A line that breaks ends it early, and what came before is kept. */
async function pour(body: AsyncIterable<Uint8Array>, most: number, write: (bytes: Uint8Array) => Promise<void>): Promise<void> {
  let left = most
  try {
    for await (const chunk of body) {
      await write(chunk.subarray(0, left))
      left -= Math.min(left, chunk.length)
      if (left === 0) return
    }
  } catch (error) {
    if (!['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(String((error as NodeJS.ErrnoException).code))) throw error
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk)
  return hash.digest('hex')
}
