/*
 * Enters: a data folder whose collector may be running; a passphrase. Leaves: one encrypted file with the database as it
 * was at one instant, the keys of the CA and of commands, and collector.json; and from such a file a data folder again.
 * Promises: the collector's commits don't wait for a backup; a backup that was altered, cut off or opened with another
 * passphrase is refused before anything is written; a folder is restored wholly or not at all, for its owner's eyes only.
 * On failure: a Fault with one sentence, and nothing is left behind. Meets: whoever finds the file of a backup.
 */
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { mkdir, mkdtemp, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Fault } from '#shared/domain/fault.ts'
import { type Manifest, pack, unpack } from './content.ts'
import { headerBytes, newSeal, type Seal, seal, sealOf, unseal } from './sealed.ts'
import { takeSnapshot } from './snapshot.ts'

const database = 'tierline.db'
/** In the data folder: when it was last backed up, for whoever looks whether that is long ago. */
export const lastBackupFile = 'last-backup'

export interface BackupOrder {
  dataDir: string
  /** Must not be there yet. */
  file: string
  passphrase: string
  /** False when the database lies elsewhere and is saved by its own means. */
  hasDatabase: boolean
  madeAt: number
  program: string
  stop: AbortSignal
}

/** @returns how many bytes the file has. */
export async function makeBackup({ dataDir, file, passphrase, hasDatabase, madeAt, program, stop }: BackupOrder): Promise<number> {
  if (existsSync(file)) throw new Fault('backup-exists', `${file} is there already: choose another name.`)
  const isCollectors = existsSync(join(dataDir, 'keys')) && (!hasDatabase || existsSync(join(dataDir, database)))
  if (!isCollectors) throw new Fault('no-collector', `No collector has started on ${dataDir} yet: name its folder with --data.`)
  const unfinished = `${file}.new`
  const snapshots = await mkdtemp(join(dataDir, 'backup-'))
  try {
    if (hasDatabase) await takeSnapshot(join(dataDir, database), join(snapshots, database), stop)
    const placeOf = (path: string): string => join(path === database ? snapshots : dataDir, path)
    const files = await measure([...(hasDatabase ? [database] : []), ...(await keptFiles(dataDir))], placeOf)
    const content = pack({ version: 1, madeAt, program, files }, (path) => createReadStream(placeOf(path)))
    await writeWhole(unfinished, seal(await newSeal(passphrase), untilStopped(content, stop)))
    await rename(unfinished, file)
    await syncFolder(dirname(file))
    await writeFile(join(dataDir, lastBackupFile), String(madeAt), { mode: 0o600 })
    return (await stat(file)).size
  } finally {
    await rm(unfinished, { force: true })
    await rm(snapshots, { recursive: true, force: true })
  }
}

export interface RestoreOrder {
  file: string
  passphrase: string
  /** Missing or empty; it gets all or nothing. */
  dataDir: string
  /** Puts right what was restored, while it still lies aside; what it throws undoes everything. */
  prepare(folder: string, manifest: Manifest): Promise<void>
}

export async function restoreBackup({ file, passphrase, dataDir, prepare }: RestoreOrder): Promise<void> {
  await refuseUsed(dataDir)
  const sealed = await openSealed(file, passphrase)
  await pipeline(sealed.plain(), nowhere())
  await mkdir(dirname(dataDir), { recursive: true })
  const aside = await mkdtemp(join(dirname(dataDir), `.${basename(dataDir)}-`))
  try {
    await mkdir(join(aside, 'keys'), { mode: 0o700 })
    const manifest = await unpack(sealed.plain(), (path, content) => writeWhole(join(aside, path), content))
    await prepare(aside, manifest)
    for (const folder of ['keys', '.']) await syncFolder(join(aside, folder))
    await rename(aside, dataDir)
    await syncFolder(dirname(dataDir))
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

export const holdsDatabase = ({ files }: Manifest): boolean => files.some(({ path }) => path === database)

async function refuseUsed(dataDir: string): Promise<void> {
  if (!existsSync(dataDir) || (await readdir(dataDir)).length === 0) return
  throw new Fault('data-folder-used', `${dataDir} is not empty: move it away first, or restore into another folder with --data.`)
}

async function openSealed(file: string, passphrase: string): Promise<{ plain(): AsyncIterable<Buffer> }> {
  const handle = await open(file)
  const header = Buffer.alloc(headerBytes)
  const { bytesRead } = await handle.read(header, 0, headerBytes, 0).finally(() => handle.close())
  const opened: Seal = await sealOf(header.subarray(0, bytesRead), passphrase)
  return { plain: () => unseal(opened, createReadStream(file, { start: headerBytes })) }
}

/** Of the keys only what is finished: a file on its way has a name that ends with .new. */
async function keptFiles(dataDir: string): Promise<string[]> {
  const keys = (await readdir(join(dataDir, 'keys'))).filter((name) => !name.endsWith('.new'))
  return [...keys.map((name) => `keys/${name}`), ...(existsSync(join(dataDir, 'collector.json')) ? ['collector.json'] : [])]
}

const measure = (paths: string[], placeOf: (path: string) => string): Promise<Manifest['files']> =>
  Promise.all(paths.map(async (path) => ({ path, bytes: (await stat(placeOf(path))).size })))

/** To read a stream to its end. */
const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() })

/** For its owner alone, and on the disk when it returns. */
const writeWhole = (file: string, content: AsyncIterable<Buffer>): Promise<void> =>
  pipeline(content, createWriteStream(file, { mode: 0o600, flush: true }))

async function* untilStopped(content: AsyncIterable<Buffer>, stop: AbortSignal): AsyncGenerator<Buffer> {
  for await (const part of content) {
    stop.throwIfAborted()
    yield part
  }
}

/** Makes names last; Windows has no such call. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder)
  await handle.sync().finally(() => handle.close())
}
