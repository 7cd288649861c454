import { createCipheriv, createDecipheriv, createHash, randomBytes, randomUUID } from 'node:crypto'
import { constants, createReadStream, createWriteStream } from 'node:fs'
import { chown, link, mkdir, open, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'

/*
 * Files that are sealed away. Enters: a path. Leaves: the file encrypted in the agent's own folder, where no scanner trips
 * over it and nobody starts it, with its hash, its owner and where it was; and back again. Promises: the original goes
 * only once the sealed copy is whole on disk and it is still the same file; putting back overwrites nothing, and what
 * comes back has the hash that went in. On failure: the original stays, or the sealed copy does.
 * Threat: a link in place of the file that leads this process, root, to another one.
 */
export interface Quarantine {
  seal(path: string, expected: string | undefined): Promise<Sealed | Refused>
  restore(id: string): Promise<{ kind: 'restored'; path: string; sha256: string } | Refused>
}
export type Sealed = { kind: 'sealed'; id: string; sha256: string; bytes: number }
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

export function openQuarantine(folder: string, isOurs: (path: string) => boolean): Quarantine {
  const place = (id: string) => ({ content: join(folder, id, 'content'), manifest: join(folder, id, 'manifest.json') })
  return {
    async seal(path, expected) {
      if (isOurs(path)) return refused('it belongs to this agent')
      const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(asError)
      if (handle instanceof Error) return refused(`${path} can’t be opened as a file: ${handle.message}`)
      await using _closing = handle
      const found = await handle.stat()
      if (!found.isFile()) return refused(`${path} is no regular file`)
      if (found.size > maxBytes) return refused(`${path} has more than ${maxBytes} bytes`)
      const id = randomUUID()
      const { content, manifest } = place(id)
      await mkdir(dirname(content), { recursive: true, mode: 0o700 })
      const [key, iv] = [randomBytes(32), randomBytes(16)]
      const sha256 = await copy(handle.createReadStream({ autoClose: false }), createCipheriv('aes-256-ctr', key, iv), content, 'plain')
      const about = { path, sha256, bytes: found.size, mode: found.mode & 0o7777, uid: found.uid, gid: found.gid }
      const why = await whyNot(path, found, expected, sha256)
      if (why !== undefined) {
        await rm(dirname(content), { recursive: true, force: true })
        return refused(why)
      }
      await writeWhole(manifest, JSON.stringify({ ...about, key: key.toString('base64url'), iv: iv.toString('base64url') }))
      await unlink(path)
      return { kind: 'sealed', id, sha256, bytes: found.size }
    },
    async restore(id) {
      const { content, manifest } = place(id)
      const text = await readFile(manifest, 'utf8').catch(() => undefined)
      if (text === undefined) return refused('nothing is sealed here under this id')
      const { path, sha256, mode, uid, gid, key, iv } = Manifest.parse(JSON.parse(text))
      const made = join(dirname(path), `.tierline-${id}`)
      const decipher = createDecipheriv('aes-256-ctr', Buffer.from(key, 'base64url'), Buffer.from(iv, 'base64url'))
      try {
        const found = await copy(createReadStream(content), decipher, made, 'written')
        if (found !== sha256) return refused('what was sealed is damaged; it stays where it is')
        await own(made, mode, uid, gid)
        // A link fails where something is; a rename would replace it.
        await link(made, path)
      } catch (error) {
        return refused(`it can’t be put back to ${path}: ${asError(error).message}`)
      } finally {
        await rm(made, { force: true })
      }
      await rm(dirname(content), { recursive: true, force: true })
      return { kind: 'restored', path, sha256 }
    },
  }
}

/** The copy is whole, but is it still of what lies there, and of what was meant? */
async function whyNot(
  path: string,
  { ino, dev, size, mtimeMs }: { ino: number; dev: number; size: number; mtimeMs: number },
  expected: string | undefined,
  sha256: string,
) {
  if (expected !== undefined && expected !== sha256) return `${path} is another file by now: its hash is ${sha256}`
  const now = await stat(path).catch(() => undefined)
  const isSame = now?.ino === ino && now.dev === dev && now.size === size && now.mtimeMs === mtimeMs
  return isSame ? undefined : `${path} changed while it was sealed`
}

/** @returns the hash of the plain bytes: those that go in (`plain`), or those that are written. */
async function copy(from: NodeJS.ReadableStream, through: Transform, to: string, hashed: 'plain' | 'written'): Promise<string> {
  const hash = createHash('sha256')
  const counting = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  const into = createWriteStream(to, { flags: 'wx', mode: 0o600, flush: true })
  await (hashed === 'plain' ? pipeline(from, counting, through, into) : pipeline(from, through, counting, into))
  return hash.digest('hex')
}

async function own(path: string, mode: number, uid: number, gid: number): Promise<void> {
  const handle = await open(path, 'r')
  await using _closing = handle
  if (process.getuid?.() === 0) await chown(path, uid, gid)
  // After the owner: changing that drops setuid.
  await handle.chmod(mode)
}

async function writeWhole(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600, flush: true })
  await rename(`${file}.new`, file)
}

const refused = (reason: string): Refused => ({ kind: 'refused', reason })
const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))
