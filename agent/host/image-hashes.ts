import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { minutes, type Time } from '#shared/domain/time.ts'

/*
 * What runs, by its content (Linux): the hash of the file that the kernel holds open for a process, so that whoever puts another in its place
 * meanwhile changes nothing. Known files are known by device, number, times and size. Promises: one file at a time and few megabytes
 * a minute; what doesn't fit has no hash. Threat: a file system of somebody's own that never answers costs one thread of the pool, and
 * the hashes from then on; nothing else waits.
 */
export interface ImageHashes {
  /** SHA-256 in hex; undefined where the process is gone, its program too large, or too much is asked for. */
  of(pid: number): Promise<string | undefined>
  /** Of the file that lies there now: for a process that is gone. */
  at(path: string): Promise<string | undefined>
}

const maxKnown = 500
const maxWaiting = 50
/** Hashing takes 3 ms a megabyte on a small machine; what everybody runs is known after its first start. */
const maxImageBytes = 16_777_216
const bytesPerMinute = 33_554_432
const chunkBytes = 262_144

export function openImageHashes(time: Pick<Time, 'monotonic'>, proc = '/proc'): ImageHashes {
  const known = new Map<string, string>()
  const budget = createBudget(time)
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0

  async function hashOf(handle: FileHandle): Promise<string | undefined> {
    const look = await handle.stat({ bigint: true })
    const key = keyOf(look)
    const found = known.get(key)
    if (found !== undefined) return found
    const bytes = Number(look.size)
    if (bytes > maxImageBytes || !budget.take(bytes)) return undefined
    const hash = await read(handle, bytes)
    known.set(key, hash)
    const [oldest] = known.keys()
    if (known.size > maxKnown && oldest !== undefined) known.delete(oldest)
    return hash
  }

  async function once(path: string): Promise<string | undefined> {
    // Of nearly everything that starts, this is all that has to be asked.
    const look = await stat(path, { bigint: true }).catch(() => undefined)
    const found = look && known.get(keyOf(look))
    if (!look || found !== undefined) return found
    const handle = look.isFile() ? await open(path).catch(() => undefined) : undefined
    await using _closing = handle
    return handle && (await hashOf(handle).catch(() => undefined))
  }

  const inTurn = (path: string): Promise<string | undefined> => {
    if (waiting >= maxWaiting) return Promise.resolve(undefined)
    waiting += 1
    // Whatever becomes of one, such as a file system that can't close it: the next has its turn.
    const mine = last.then(() => once(path)).catch(() => undefined)
    last = mine.finally(() => {
      waiting -= 1
    })
    return mine
  }
  return { of: (pid) => inTurn(`${proc}/${pid}/exe`), at: inTurn }
}

const keyOf = ({ dev, ino, mtimeNs, ctimeNs, size }: BigIntStats): string => `${dev}:${ino}:${mtimeNs}:${ctimeNs}:${size}`

async function read(handle: FileHandle, bytes: number): Promise<string> {
  const hash = createHash('sha256')
  const buffer = Buffer.alloc(Math.min(bytes, chunkBytes))
  for (let at = 0; at < bytes; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, bytes - at), at)
    if (bytesRead === 0) break
    hash.update(buffer.subarray(0, bytesRead))
    at += bytesRead
  }
  return hash.digest('hex')
}

function createBudget(time: Pick<Time, 'monotonic'>): { take(bytes: number): boolean } {
  let since = Number.NEGATIVE_INFINITY
  let left = 0
  return {
    take(bytes) {
      const now = time.monotonic()
      if (now - since >= minutes(1)) {
        since = now
        left = bytesPerMinute
      }
      if (bytes > left) return false
      left -= bytes
      return true
    },
  }
}
