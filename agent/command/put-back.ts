import { createHash } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { type FileHandle, link, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type HeldFolder, holdFolder } from './held-folder.ts'

/*
 * Restored files, from a folder of ours into their places. Enters: a folder that holds them, and where it belongs. Leaves:
 * each file in its place by one rename; what was there lies beside it. Promises: done again after a crash, it neither
 * loses nor doubles: what is in place already is left alone, and what was there before keeps its name beside it. Folders are held
 * open, so that no link leads root elsewhere; links, devices and setuid bits don't come back. On failure: that file stays
 * as it is, and it is said why. Threat: whoever encrypted the files, still on the machine, swapping folders for links.
 */

export interface PutBack {
  restored: number
  unchanged: number
  /** One sentence each, of the first so many. */
  left: string[]
}

const maxLeft = 50
/** Neither setuid nor setgid. */
const permissions = 0o777

export interface PutBackOptions {
  /** Ends the names of what was there before: `report.odt.before-restore-0199…`. */
  ending: string
  onFile(done: number): void
}

/** @param from a file or folder of ours; @param to a whole path without links. */
export async function putBack(from: string, to: string, options: PutBackOptions): Promise<PutBack> {
  const done: PutBack = { restored: 0, unchanged: 0, left: [] }
  for await (const { path, isFolder } of entriesOf(from)) {
    const target = path === '' ? to : join(to, path)
    try {
      if (isFolder) await makeFolder(join(from, path), target)
      else done[await putFile(join(from, path), target, options.ending)] += 1
    } catch (error) {
      if (done.left.length < maxLeft) done.left.push(`${target}: ${shown(error, dirname(target))}`)
    }
    options.onFile(done.restored + done.unchanged)
  }
  return done
}

/** Folders before what is in them. What is neither a file nor a folder is told as a file, and refused as one. */
async function* entriesOf(top: string, path = ''): AsyncGenerator<{ path: string; isFolder: boolean }> {
  const isFolder = (await lstat(join(top, path))).isDirectory()
  yield { path, isFolder }
  if (!isFolder) return
  for (const name of (await readdir(join(top, path))).toSorted()) yield* entriesOf(top, join(path, name))
}

async function makeFolder(from: string, to: string): Promise<void> {
  const { mode, uid, gid } = await lstat(from)
  const parent = await heldMaking(dirname(to))
  await using held = parent
  const made = await mkdir(held.at(basename(to)), { mode: 0o700 }).then(() => true, isThere)
  await using into = await holdFolder(to)
  if (made) await own(into, { mode, uid, gid })
}

/** The folders above may be gone as well. */
async function heldMaking(path: string): Promise<HeldFolder> {
  const missing = await lstat(path).then(
    () => false,
    () => true,
  )
  if (missing) {
    await using above = await heldMaking(dirname(path))
    await mkdir(above.at(basename(path)), { mode: 0o755 }).catch(isThere)
  }
  return holdFolder(path)
}

const isThere = (error: NodeJS.ErrnoException): false => {
  if (error.code === 'EEXIST') return false
  throw error
}

async function own(held: HeldFolder, { mode, uid, gid }: Pick<Stats, 'mode' | 'uid' | 'gid'>): Promise<void> {
  const handle = await open(held.at('.'), constants.O_RDONLY | constants.O_DIRECTORY)
  await using _closing = handle
  if (process.getuid?.() === 0) await handle.chown(uid, gid)
  await handle.chmod(mode & permissions)
}

async function putFile(from: string, to: string, ending: string): Promise<'restored' | 'unchanged'> {
  if (basename(to).includes('\uFFFD')) throw new Error('its name is no text that could be written the same again')
  await using source = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW)
  const about = await source.stat()
  if (!about.isFile()) throw new Error('it is no regular file')
  await using held = await heldMaking(dirname(to))
  const target = held.at(basename(to))
  const made = held.at(`.${ending}.part`)
  await rm(made, { force: true })
  try {
    const sha256 = await copyInto(source, about, made)
    const before = await lstat(target).catch(() => undefined)
    if (before?.isDirectory()) throw new Error('a folder has its name by now')
    if (before?.isFile() && before.size === about.size && (await hashOf(target)) === sha256) return 'unchanged'
    if (before) await keepBeside(held, basename(to), ending)
    await rename(made, target)
    return 'restored'
  } finally {
    await rm(made, { force: true })
  }
}

async function copyInto(source: FileHandle, { mode, uid, gid, atime, mtime }: Stats, made: string): Promise<string> {
  const hash = createHash('sha256')
  await using into = await open(made, 'wx', 0o600)
  for await (const chunk of source.createReadStream({ autoClose: false })) {
    hash.update(chunk as Buffer)
    await into.writeFile(chunk as Buffer)
  }
  if (process.getuid?.() === 0) await into.chown(uid, gid)
  await into.chmod(mode & permissions)
  await into.utimes(atime, mtime)
  await into.sync()
  return hash.digest('hex')
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await using handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  for await (const chunk of handle.createReadStream({ autoClose: false })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** A second name for the same file: at no instant is there none. What had that name from a run that was cut off is the same file, or keeps it. */
async function keepBeside(held: HeldFolder, name: string, ending: string): Promise<void> {
  const old = await lstat(held.at(name))
  for (let nth = 1; nth <= 9; nth += 1) {
    const kept = held.at(`${name}.${ending}${nth === 1 ? '' : `-${nth}`}`)
    const isKept = await link(held.at(name), kept).then(() => true, isThere)
    const there = isKept ? old : await lstat(kept)
    if (there.ino === old.ino && there.dev === old.dev) return
  }
  throw new Error('what is there could not be kept beside it')
}

/** An open folder has a name that says nothing to people. */
const shown = (error: unknown, folder: string): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\/proc\/self\/fd\/\d+/g, folder)
