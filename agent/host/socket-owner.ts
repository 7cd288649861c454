import { type Dir, opendirSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pidsIn } from './processes.ts'

/** So many processes and open files are looked at before others have their turn. */
const atOnce = 200
const maxProcesses = 5_000
/** A process may hold a million, and asks nobody; the socket of a service is among its first. */
const maxFiles = 4_096

/**
 * Which process holds a socket. The kernel knows sockets by their number and processes by theirs; only each process's open files join the
 * two, so this is asked when there is something to say, and of the socket's user alone where that is known.
 */
export async function socketOwner(inode: string, userId: number, root = '/proc'): Promise<number | undefined> {
  const wanted = `socket:[${inode}]`
  let looked = 0
  const giveWay = async (): Promise<void> => {
    looked += 1
    if (looked % atOnce === 0) await new Promise(setImmediate)
  }
  for (const pid of pidsIn(root).toReversed().slice(0, maxProcesses)) {
    await giveWay()
    for (const name of filesOf(join(root, String(pid)), userId)) {
      if (linkOf(name) === wanted) return pid
      await giveWay()
    }
  }
  return undefined
}

/** Listed as they are asked for, so that nobody waits for the rest. */
function* filesOf(process: string, userId: number): Generator<string> {
  using folder = openFiles(process, userId)
  for (let count = 0; folder && count < maxFiles; count += 1) {
    const file = folder.readSync()
    if (!file) return
    yield join(process, 'fd', file.name)
  }
}

function openFiles(process: string, userId: number): Dir | undefined {
  try {
    const owner = statSync(process).uid
    // A service opens its port as root and goes on as somebody else.
    return owner === userId || userId === 0 ? opendirSync(join(process, 'fd')) : undefined
  } catch {
    // Gone meanwhile, or another user's.
    return undefined
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
