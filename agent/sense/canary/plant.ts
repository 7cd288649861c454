import { createHash, randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { days } from '#shared/domain/time.ts'

/*
 * The only thing a detector writes outside the agent's own folder. The folders may belong to users, so nothing is
 * followed and nothing of theirs replaced: a first decoy takes a name that is free, and one that is put back is written
 * beside its place and renamed into it, which replaces a link and never what it points to. What asks for this is the
 * product, on its way to be decoyed: the files get the folder's owner, or its thieves could not touch them.
 */

const maxNames = 20

/** Writes `bytes` under a name that nothing has yet: `name`, or `name (2)`, … Answers the path. */
export async function plantNew(folder: string, name: string, bytes: Buffer, now: number): Promise<string> {
  await mkdir(folder, { recursive: true })
  for (let attempt = 1; attempt < maxNames; attempt += 1) {
    const path = join(folder, numbered(name, attempt))
    const file = await open(path, 'wx', 0o644).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return undefined
      throw error
    })
    if (file) return fill(file, folder, bytes, now).then(() => path)
  }
  throw new Error(`${folder} has no free name for a decoy`)
}

/** Puts `bytes` at `path`, whatever is there now, in one step: nobody ever sees half of it. */
export async function putBack(path: string, bytes: Buffer, now: number): Promise<void> {
  const { dir } = parse(path)
  await mkdir(dir, { recursive: true })
  const beside = join(dir, `.~${randomBytes(6).toString('hex')}.tmp`)
  try {
    await fill(await open(beside, 'wx', 0o644), dir, bytes, now)
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

async function fill(file: FileHandle, folder: string, bytes: Buffer, now: number): Promise<void> {
  try {
    await file.writeFile(bytes)
    const owner = await stat(folder)
    // Only root may give files away; everybody else plants in folders of their own.
    await file.chown(owner.uid, owner.gid).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPERM') throw error
    })
    // A file of today in an old folder stands out.
    const age = days(30 + (bytes.length % 200))
    await file.utimes((now - age) / 1_000, (now - age) / 1_000)
  } finally {
    await file.close()
  }
}

function numbered(name: string, attempt: number): string {
  const { name: stem, ext } = parse(name)
  return attempt === 1 ? name : `${stem} (${attempt})${ext}`
}
