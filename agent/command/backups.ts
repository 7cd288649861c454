import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import type { Snapshot } from '#shared/commands/backup-list.ts'
import type { Host } from '../host/host.ts'
import { openRestic, type Restic, type ResticNode, type ResticSettings, readSettings } from './restic.ts'

/*
 * What this machine knows of its own backup. Enters: time passing. Leaves: which snapshots there are, and which of them
 * are verified: a sample was restored into a folder of ours, read whole, and is what the machine itself has wherever that
 * has not changed since. Promises: `verified` is written only after that. On failure: the snapshot isn't verified.
 * Threat: a backup that looks well and can't be restored, or holds what was encrypted already.
 */

export interface Backups {
  list(): Promise<Snapshot[]>
  /** The newest that isn't, if there is one. @returns what became of it; undefined: there was nothing to do. */
  verifyNext(now: number): Promise<{ snapshot: string; outcome: 'verified' | 'differs'; detail: string } | undefined>
  restic: Restic
  settings: ResticSettings
}

export type Opened = { kind: 'backups'; backups: Backups } | { kind: 'none'; reason: string }

const sampleFiles = 12
/** Larger ones say no more about a backup and take the night. */
const maxSampleBytes = 64 * 1_048_576
const maxKept = 200
const Verified = z.record(z.string(), z.number())

/** @param folder the agent's own; @param file where the repository is. */
export function openBackups(host: Host, folder: string, file: string): Opened {
  const read = readSettings(file)
  if (read.kind === 'none') return read
  const restic = openRestic(host, read.settings)
  const verified = verifiedIn(join(folder, 'verified.json'))
  const list = async (): Promise<Snapshot[]> => {
    const known = await verified.read()
    return (await restic.snapshots()).map((snapshot) => ({ ...snapshot, verifiedAt: known[snapshot.id] ?? null }))
  }
  const verifyNext: Backups['verifyNext'] = async (now) => {
    const newest = (await list())[0]
    if (!newest || newest.verifiedAt !== null) return undefined
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const scratch = await mkdtemp(join(folder, 'sample-'))
    try {
      const detail = await whyNot(restic, newest.id, scratch)
      if (detail !== undefined) return { snapshot: newest.id, outcome: 'differs', detail }
      await verified.note(newest.id, now)
      return { snapshot: newest.id, outcome: 'verified', detail: 'a sample of it was restored, and is what it should be' }
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  }
  return { kind: 'backups', backups: { list, verifyNext, restic, settings: read.settings } }
}

/** When any was verified last; null: never. Undefined where this machine names no backup. */
export async function lastVerified(folder: string, file: string): Promise<{ at: number | null } | undefined> {
  if (readSettings(file).kind === 'none') return undefined
  const instants = Object.values(await verifiedIn(join(folder, 'verified.json')).read())
  return { at: instants.length === 0 ? null : Math.max(...instants) }
}

/** The last verified one that is older, and holds all of these. */
export function chooseSnapshot(snapshots: readonly Snapshot[], paths: readonly string[], before: number): Snapshot | undefined {
  const holds = ({ paths: kept }: Snapshot): boolean => paths.every((path) => kept.some((top) => isWithin(path, top)))
  return snapshots.filter((each) => each.verifiedAt !== null && each.at < before && holds(each)).toSorted((a, b) => b.at - a.at)[0]
}

export const isWithin = (path: string, top: string): boolean => path === top || path.startsWith(top.endsWith('/') ? top : `${top}/`)

async function whyNot(restic: Restic, snapshot: string, scratch: string): Promise<string | undefined> {
  const sample = sampleOf(await restic.files(snapshot), snapshot)
  if (sample.length === 0) return 'it holds no file that could be tried'
  await restic.restore(
    snapshot,
    sample.map(({ path }) => path),
    scratch,
  )
  for (const { path, size, mtime } of sample) {
    const found = await lstat(join(scratch, path)).catch(() => undefined)
    if (!found?.isFile() || found.size !== size) return `${path} did not come back whole`
    const live = await lstat(path).catch(() => undefined)
    const isUnchanged = live?.isFile() === true && live.size === size && Math.abs(live.mtimeMs - Date.parse(mtime)) < 1
    if (isUnchanged && (await sha256Of(path)) !== (await sha256Of(join(scratch, path))))
      return `${path} has not changed and is another in the backup`
  }
  return undefined
}

/** Others for each snapshot, the same for the same one. */
function sampleOf(files: readonly ResticNode[], seed: string): ResticNode[] {
  const rank = ({ path }: ResticNode): string => createHash('sha256').update(`${seed} ${path}`).digest('hex')
  const small = files.filter(({ size }) => size <= maxSampleBytes).map((file) => ({ file, rank: rank(file) }))
  return small
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, sampleFiles)
    .map(({ file }) => file)
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

function verifiedIn(file: string) {
  const read = async (): Promise<Record<string, number>> => {
    const text = await readFile(file, 'utf8').catch(() => '{}')
    return Verified.catch({}).parse(JSON.parse(text))
  }
  return {
    read,
    async note(snapshot: string, at: number): Promise<void> {
      const known = Object.entries({ ...(await read()), [snapshot]: at }).toSorted(([, a], [, b]) => b - a)
      await writeFile(`${file}.new`, JSON.stringify(Object.fromEntries(known.slice(0, maxKept))), { mode: 0o600, flush: true })
      await rename(`${file}.new`, file)
    },
  }
}
