import { readdirSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pidsIn } from './processes.ts'

/** So many processes are looked through before others have their turn. */
const atOnce = 20
const maxProcesses = 5_000

/**
 * Which process holds a socket. The kernel knows sockets by their number and processes by theirs; only each process's open files join the
 * two, so this is asked when there is something to say, and of the socket's user alone where that is known.
 */
export async function socketOwner(inode: string, userId: number, root = '/proc'): Promise<number | undefined> {
  const wanted = `socket:[${inode}]`
  let looked = 0
  for (const pid of pidsIn(root).toReversed()) {
    if (looked >= maxProcesses) return undefined
    if (holds(join(root, String(pid)), wanted, userId)) return pid
    looked += 1
    if (looked % atOnce === 0) await new Promise(setImmediate)
  }
  return undefined
}

function holds(folder: string, wanted: string, userId: number): boolean {
  try {
    const owner = statSync(folder).uid
    // A service opens its port as root and goes on as somebody else.
    if (owner !== userId && userId !== 0) return false
    return readdirSync(join(folder, 'fd')).some((name) => linkOf(join(folder, 'fd', name)) === wanted)
  } catch {
    // Gone meanwhile, or another user's.
    return false
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
