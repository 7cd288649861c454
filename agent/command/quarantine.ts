import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { constants, createReadStream, type Stats } from 'node:fs'
import { type FileHandle, link, lstat, mkdir, open, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { holdFolder } from './held-folder.ts'

/*
 * Files that are sealed away. Enters: a path. Leaves: the file encrypted in the agent's own folder, where no scanner trips
 * over it and nobody starts it, with its hash, its owner and where it was; and back again. Promises: the original goes
 * only once the sealed copy is whole on disk and it is still the same file; putting back overwrites nothing, and what
 * comes back has the hash that went in. On failure: the original stays, or the sealed copy does.
 * Threat: a link in place of the file, or of a folder above it, that leads this process, root, to another one; a sealed
 * file that comes back with rights its owner could not give it, so setuid and setgid never come back.
 */
export interface Quarantine {
  /** Under the id of the command that asks, which is in the journal before anything is removed. */
  seal(id: string, path: string, expected: string | undefined): Promise<Sealed | Refused>
  restore(id: string): Promise<Restored | Refused>
}
export type Sealed = { kind: 'sealed'; id: string; sha256: string; bytes: number }
/** `isStripped`: it had setuid, setgid or the sticky bit, and has them no more. */
export type Restored = { kind: 'restored'; path: string; sha256: string; isStripped: boolean }
export type Refused = { kind: 'refused'; reason: string }

const Manifest = z.object({
  path: z.string(),
  sha256: z.string(),
  bytes: z.number(),
  mode: z.number(),
  uid: z.number(),
  gid: z.number(),
  key: z.base64url(),
  iv: z.base64url(),
})

/** More would hold the disk up for minutes. */
const maxBytes = 2 ** 30
/** Of a mode, what comes back. */
const permissions = 0o777

export function openQuarantine(folder: string, isOurs: (path: string) => boolean): Quarantine {
  const place = (id: string) => ({ content: join(folder, id, 'content'), manifest: join(folder, id, 'manifest.json') })
  return {
    async seal(id, path, expected) {
      if (!z.uuid().safeParse(id).success) return refused('the id of its command is no UUID, so it could not be put back by it')
      const [parent, name] = [dirname(path), basename(path)]
      const opened = await holdFolder(parent).catch(asError)
      if (opened instanceof Error) return refused(`${path} can’t be sealed: ${opened.message}`)
      await using held = opened
      if (isOurs(join(parent, name))) return refused('it belongs to this agent')
      const handle = await open(held.at(name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(asError)
      if (handle instanceof Error) return refused(`${path} can’t be opened as a file: ${shown(handle, parent)}`)
      await using _closing = handle
      const found = await handle.stat()
      const unfit = whyUnfit(path, found)
      if (unfit !== undefined) return refused(unfit)
      const { content, manifest } = place(id)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await mkdir(dirname(content), { mode: 0o700 })
      const [key, iv] = [randomBytes(32), randomBytes(16)]
      const sha256 = await encrypt(handle, createCipheriv('aes-256-ctr', key, iv), content)
      const about = { path, sha256, bytes: found.size, mode: found.mode & 0o7777, uid: found.uid, gid: found.gid }
      const why = await whyNot(path, held.at(name), found, expected, sha256)
      if (why !== undefined) {
        await rm(dirname(content), { recursive: true, force: true })
        return refused(why)
      }
      await writeWhole(manifest, JSON.stringify({ ...about, key: key.toString('base64url'), iv: iv.toString('base64url') }))
      await unlink(held.at(name))
      return { kind: 'sealed', id, sha256, bytes: found.size }
    },
    async restore(id) {
      const { content, manifest } = place(id)
      const text = await readFile(manifest, 'utf8').catch(() => undefined)
      if (text === undefined) return refused('nothing is sealed here under this id')
      const about = Manifest.parse(JSON.parse(text))
      const { path, sha256, mode } = about
      try {
        await putBack(id, content, about)
      } catch (error) {
        return refused(`it can’t be put back to ${path}: ${shown(asError(error), dirname(path))}`)
      }
      await rm(dirname(content), { recursive: true, force: true })
      return { kind: 'restored', path, sha256, isStripped: (mode & ~permissions) !== 0 }
    },
  }
}

function whyUnfit(path: string, found: Stats): string | undefined {
  if (!found.isFile()) return `${path} is no regular file`
  if (found.nlink > 1)
    return `${path} is one of ${found.nlink} names of the same file (hard links), which would stay runnable by the others`
  return found.size > maxBytes ? `${path} has more than ${maxBytes} bytes` : undefined
}

/** The copy is whole, but is it still of what lies there, and of what was meant? */
async function whyNot(path: string, at: string, { ino, dev, size, mtimeMs }: Stats, expected: string | undefined, sha256: string) {
  if (expected !== undefined && expected !== sha256) return `${path} is another file by now: its hash is ${sha256}`
  const now = await lstat(at).catch(() => undefined)
  const isSame = now?.ino === ino && now.dev === dev && now.nlink === 1 && now.size === size && now.mtimeMs === mtimeMs
  return isSame ? undefined : `${path} changed while it was sealed`
}

async function encrypt(from: FileHandle, cipher: Transform, to: string): Promise<string> {
  await using into = await open(to, 'wx', 0o600)
  return await copy(from.createReadStream({ autoClose: false }), cipher, into, 'plain')
}

/** Owner and mode go to the file that this made, by its handle: its name may be another’s by then. */
async function putBack(id: string, content: string, { path, sha256, mode, uid, gid, key, iv }: z.infer<typeof Manifest>): Promise<void> {
  await using held = await holdFolder(dirname(path))
  const [made, target] = [held.at(`.tierline-${id}`), held.at(basename(path))]
  // Of an attempt that was cut off.
  await rm(made, { force: true })
  await using into = await open(made, 'wx', 0o600)
  try {
    const decipher = createDecipheriv('aes-256-ctr', Buffer.from(key, 'base64url'), Buffer.from(iv, 'base64url'))
    const found = await copy(createReadStream(content), decipher, into, 'written')
    if (found !== sha256) throw new Error('what was sealed is damaged; it stays where it is')
    if (process.getuid?.() === 0) await into.chown(uid, gid)
    await into.chmod(mode & permissions)
    // A link fails where something is; a rename would replace it.
    await link(made, target)
    const [ours, there] = [await into.stat(), await lstat(target)]
    if (ours.ino !== there.ino || ours.dev !== there.dev) throw new Error('somebody put another file in its place meanwhile')
  } finally {
    await rm(made, { force: true })
  }
}

/** @returns the hash of the plain bytes: those that go in (`plain`), or those that are written. */
async function copy(from: NodeJS.ReadableStream, through: Transform, into: FileHandle, hashed: 'plain' | 'written'): Promise<string> {
  const hash = createHash('sha256')
  const counting = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  const write = (chunks: AsyncIterable<Buffer>): Promise<void> => into.writeFile(chunks)
  await (hashed === 'plain' ? pipeline(from, counting, through, write) : pipeline(from, through, counting, write))
  await into.sync()
  return hash.digest('hex')
}

async function writeWhole(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600, flush: true })
  await rename(`${file}.new`, file)
}

const refused = (reason: string): Refused => ({ kind: 'refused', reason })
const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))
/** An open folder has a name that says nothing to people. */
const shown = ({ message }: Error, folder: string): string => message.replace(/\/proc\/self\/fd\/\d+/g, folder)
