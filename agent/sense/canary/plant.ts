import { createHash, randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, parse } from 'node:path'
import { days } from '#shared/domain/time.ts'
import { type HeldFolder, hold, holdMaking, makeIn, removeEmpty } from './held.ts'

/*
 * The only thing a detector writes outside the agent's own folder. The folders may belong to users, so nothing is
 * followed and nothing of theirs replaced: a first decoy takes a name that is free, and one that is put back is written
 * beside its place and renamed into it, which replaces a link and never what it points to. What asks for this is the
 * product, on its way to be decoyed: the files get the folder's owner, or its thieves could not touch them.
 */

const maxNames = 20

/** Writes `bytes` under a name that nothing has yet: `name`, or `name (2)`, … Answers the path. */
export async function plantNew(folder: string, name: string, bytes: Buffer, now: number): Promise<string> {
  await using held = await holdMaking(folder)
  for (let attempt = 1; attempt < maxNames; attempt += 1) {
    const free = numbered(name, attempt)
    const file = await openNew(held, free)
    if (!file) continue
    await fill(file, held, bytes, now)
    return join(folder, free)
  }
  throw new Error(`${folder} has no free name for a decoy`)
}

/** Puts `bytes` at `path`, whatever is there now, in one step: nobody ever sees half of it. */
export async function putBack(path: string, bytes: Buffer, now: number): Promise<void> {
  await using held = await holdMaking(dirname(path))
  const beside = held.at(`.~${randomBytes(6).toString('hex')}.tmp`)
  try {
    await fill(await open(beside, 'wx', 0o600), held, bytes, now)
    await rename(beside, held.at(basename(path)))
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** Backup programs that are told so (restic, borg, tar) leave out a folder in which this lies: bford.info/cachedir. */
const tagName = 'CACHEDIR.TAG'
const tag = Buffer.from('Signature: 8a477f597d28d172789f06886806bc55\n')

/** Makes a folder for decoys, whose owner is that of the folder it is in. @throws Error where that name is somebody's own. */
export async function makeHidden(folder: string, now: number): Promise<void> {
  await using above = await hold(dirname(folder))
  if (!(await makeIn(above, basename(folder), 0o700))) return refuseUntagged(folder)
  const { mode, uid, gid } = await above.owner()
  await using held = await hold(folder)
  const handle = await open(held.at('.'), constants.O_RDONLY | constants.O_DIRECTORY)
  await using _closing = handle
  // Whoever owns the folder above may have put another in its place by now: only what has nothing in it is given away.
  if ((await readdir(held.at('.'))).length > 0) throw new Error(`${folder} was taken away meanwhile`)
  await own(handle, uid, gid)
  // Whoever may write around it may write in it; its set-group bit makes their files the group's.
  await handle.chmod(mode & 0o2777)
  const file = await openNew(held, tagName)
  if (file) await fill(file, held, tag, now)
}

async function refuseUntagged(folder: string): Promise<void> {
  await using held = await hold(folder)
  if (!(await readIn(held, tagName))?.subarray(0, tag.length).equals(tag)) throw new Error(`${folder} is somebody’s own`)
}

/** Takes away a decoy that is as it was planted, and with the last one the folder that was made for them. */
export async function takeAway(path: string, hash: string, isHidden: boolean): Promise<void> {
  const folder = dirname(path)
  {
    await using held = await hold(folder)
    const bytes = await readIn(held, basename(path))
    if (bytes && sha256(bytes) === hash) await rm(held.at(basename(path)), { force: true })
    if (!isHidden || (await readIn(held, tagName)) === undefined) return
  }
  await using above = await hold(dirname(folder))
  await using held = await hold(folder)
  if ((await readdir(held.at('.'))).every((name) => name === tagName)) {
    await rm(held.at(tagName), { force: true })
    await removeEmpty(above, basename(folder))
  }
}

const maxReadBytes = 1_048_576

/** Of a regular file and never of a pipe or behind a link; undefined where there is none. */
async function readIn(held: HeldFolder, name: string): Promise<Buffer | undefined> {
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
  const file = await open(held.at(name), flags).catch(() => undefined)
  await using _closing = file
  if (!file || !(await file.stat()).isFile()) return undefined
  const { buffer, bytesRead } = await file.read(Buffer.alloc(maxReadBytes), 0, maxReadBytes, 0)
  return buffer.subarray(0, bytesRead)
}

const openNew = (held: HeldFolder, name: string): Promise<FileHandle | undefined> =>
  open(held.at(name), 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return undefined
    throw error
  })

async function fill(file: FileHandle, held: HeldFolder, bytes: Buffer, now: number): Promise<void> {
  try {
    await file.writeFile(bytes)
    const { mode, uid, gid } = await held.owner()
    await own(file, uid, gid)
    await file.chmod(mode & 0o664)
    // A file of today in an old folder stands out.
    const age = days(30 + (bytes.length % 200))
    await file.utimes((now - age) / 1_000, (now - age) / 1_000)
  } finally {
    await file.close()
  }
}

/** Only root may give files away; everybody else plants in folders of their own. */
const own = (file: FileHandle, uid: number, gid: number): Promise<void> =>
  file.chown(uid, gid).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPERM') throw error
  })

function numbered(name: string, attempt: number): string {
  const { name: stem, ext } = parse(name)
  return attempt === 1 ? name : `${stem} (${attempt})${ext}`
}
