import { z } from 'zod'
import { Fault } from '#shared/domain/fault.ts'

/** What lies in a backup, before any of it. A path is one of those we make, so that none can lead out of the data folder. */
export const Manifest = z.object({
  version: z.literal(1),
  madeAt: z.number().int(),
  /** The version of Tierline that made it. */
  program: z.string(),
  files: z.array(
    z.object({ path: z.string().regex(/^(tierline\.db|collector\.json|keys\/[\w-][\w.-]*)$/), bytes: z.number().int().nonnegative() }),
  ),
})
export type Manifest = z.infer<typeof Manifest>

const maxManifestBytes = 1_048_576

/** The manifest with its length before it, then the files, one after the other. */
export async function* pack(manifest: Manifest, read: (path: string) => AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const text = Buffer.from(JSON.stringify(manifest))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  yield Buffer.concat([length, text])
  for (const { path } of manifest.files) yield* read(path)
}

/** Calls `take` for each file in turn; it must read its content to the end. */
export async function unpack(
  plain: AsyncIterable<Buffer>,
  take: (path: string, content: AsyncIterable<Buffer>) => Promise<void>,
): Promise<Manifest> {
  const next = reading(plain)
  const length = (await whole(next(4))).readUInt32BE()
  if (length > maxManifestBytes) throw new Fault('backup-unreadable', 'The backup says of itself more than this version can read.')
  const manifest = Manifest.parse(JSON.parse((await whole(next(length))).toString('utf8')))
  for (const { path, bytes } of manifest.files) await take(path, next(bytes))
  return manifest
}

async function whole(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of content) parts.push(part)
  return Buffer.concat(parts)
}

/** The next so many bytes of a stream. */
function reading(plain: AsyncIterable<Buffer>): (bytes: number) => AsyncGenerator<Buffer> {
  const source = plain[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)
  return async function* next(bytes) {
    for (let left = bytes; left > 0; ) {
      if (rest.length === 0) {
        const step = await source.next()
        if (step.done) throw new Fault('backup-unreadable', 'The backup holds less than it says.')
        rest = step.value
      }
      const part = rest.subarray(0, left)
      rest = rest.subarray(part.length)
      left -= part.length
      yield part
    }
  }
}
