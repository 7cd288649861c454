import { type BigIntStats, constants, lstatSync, readdirSync, readlinkSync, statSync, watch } from 'node:fs'
import { lstat, open, readdir, stat } from 'node:fs/promises'
import type { FileLook, FolderLook, Stop } from './probe.ts'
import { bytesOf, nameOf } from './raw-names.ts'

/*
 * Files that others may write, read without being led astray: no link is followed, so that nobody makes a program that
 * runs as root read what they may not; nothing but a regular file is opened, so that a pipe can't hold it up. Names are bytes (raw-names.ts).
 */
const asIs = (path: string): string | Buffer => (process.platform === 'win32' ? path : bytesOf(path))
/** What stands where a name was no UTF-8: read again as bytes then, which takes longer. */
const isBroken = (name: string): boolean => name.includes('\ufffd')

export async function look(path: string): Promise<FileLook | undefined> {
  const found = await lstat(asIs(path), { bigint: true }).catch(absent)
  return found?.isFile() ? lookOf(found) : undefined
}

/** Without a thread of the pool, which costs ten times the look: for disks of this machine, which answer. */
export function lookNow(path: string): FileLook | undefined {
  try {
    const found = lstatSync(asIs(path), { bigint: true, throwIfNoEntry: false })
    return found?.isFile() ? lookOf(found) : undefined
  } catch {
    return undefined
  }
}

/** As `lookNow`. */
export function linkNow(path: string): string | undefined {
  try {
    return lstatSync(asIs(path), { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(asIs(path)) : undefined
  } catch {
    return undefined
  }
}

const lookOf = (found: BigIntStats): FileLook => ({
  changedAt: milliseconds(found.ctimeNs),
  sizeBytes: Number(found.size),
  bornAt: milliseconds(found.birthtimeNs),
  identity: `${found.dev}:${found.ino}`,
})

export async function read(path: string, maxBytes: number): Promise<Buffer | undefined> {
  const file = await open(asIs(path), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)).catch(absent)
  if (!file) return undefined
  try {
    const { size, isFile } = await file.stat().then((found) => ({ size: found.size, isFile: found.isFile() }))
    if (!isFile) return undefined
    const buffer = Buffer.alloc(Math.min(size, maxBytes))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

export async function list(folder: string, known?: FolderLook): Promise<FolderLook | undefined> {
  const found = await stat(asIs(folder), { bigint: true }).catch(absent)
  if (!found?.isDirectory()) return undefined
  if (known && isSameFolder(known, folderLookOf(found, []))) return known
  const names = await readdir(asIs(folder)).catch(absent)
  const raw = names?.some(isBroken) ? await readdir(asIs(folder), { encoding: 'buffer' }).catch(absent) : undefined
  return names && folderLookOf(found, raw?.map(nameOf) ?? names)
}

/** Without a thread of the pool, as `lookNow`. @param known is answered when nothing came or went since; it must be older than a tick of the clock. */
export function listNow(folder: string, known?: FolderLook): FolderLook | undefined {
  try {
    const found = statSync(asIs(folder), { bigint: true, throwIfNoEntry: false })
    if (!found?.isDirectory()) return undefined
    const isKnown = known !== undefined && isSameFolder(known, folderLookOf(found, []))
    return isKnown ? known : folderLookOf(found, namesNow(folder))
  } catch {
    return undefined
  }
}

function namesNow(folder: string): string[] {
  const names = readdirSync(asIs(folder))
  return names.some(isBroken) ? readdirSync(asIs(folder), { encoding: 'buffer' }).map(nameOf) : names
}

const folderLookOf = ({ ctimeNs, dev, ino }: BigIntStats, names: string[]): FolderLook => ({
  names,
  changedAt: milliseconds(ctimeNs),
  identity: `${dev}:${ino}`,
})

const isSameFolder = (one: FolderLook, other: FolderLook): boolean => one.changedAt === other.changedAt && one.identity === other.identity

export async function watchFolder(folder: string, onChange: (name: string | undefined) => void): Promise<Stop> {
  const watcher = watch(folder, { persistent: false }, (_, name) => onChange(name ?? undefined))
  // The folder itself went away: its files did too, and whoever watches them hears that.
  watcher.on('error', () => onChange(undefined))
  return () => watcher.close()
}

/** Nothing there, or a link where a file should be: an answer. Anything else is trouble. */
function absent(error: NodeJS.ErrnoException): undefined {
  if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(error.code ?? '')) return undefined
  throw error
}

const milliseconds = (nanoseconds: bigint): number => Number(nanoseconds / 1_000n) / 1_000
