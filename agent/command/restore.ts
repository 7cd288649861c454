import { lstat, mkdir, opendir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import { Snapshot } from '#shared/commands/backup-list.ts'
import type restoreFromBackup from '#shared/commands/restore-from-backup.ts'
import { recur } from '#shared/domain/recur.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import { type Backups, chooseSnapshot, isWithin } from './backups.ts'
import type { Live } from './live.ts'
import { type PutBack, putBack } from './put-back.ts'
import type { VerbOutcome } from './verb.ts'

/*
 * Folders back as they were. Enters: which, and when the first evidence was. Leaves: the last verified snapshot before it,
 * restored into a folder of ours, then file by file into place. Promises: begun again after a crash it takes the same
 * snapshot and goes on (state.json lies beside what it restored); nothing outside of what this machine's own restic.json
 * names is written. On failure: what is in place stays, the rest is as it was, and it is said.
 * Threat: an order, or a snapshot, that writes where nobody expects it.
 */

type Args = z.infer<(typeof restoreFromBackup)['args']>

interface Watched {
  live: Live
  time: Time
}

export async function restoreFrom(backups: Backups, folder: string, id: string, args: Args, watched: Watched): Promise<VerbOutcome> {
  const outside = args.paths.find((path) => !backups.settings.restoresInto.some((top) => isWithin(path, top)))
  if (outside !== undefined)
    return { outcome: 'refused', detail: `${outside} is not below a folder that restic.json names in restoresInto` }
  if (args.paths.some((path) => isWithin(folder, path) || isWithin(path, folder)))
    return { outcome: 'refused', detail: 'the agent’s own folder is not restored while it runs' }
  const work = join(folder, `restore-${id.replace(/[^\w-]/g, '')}`)
  try {
    const snapshot = await chosen(backups, work, args)
    if (typeof snapshot === 'string') return { outcome: 'refused', detail: snapshot }
    await fetchOnce(backups, work, snapshot, args.paths, watched)
    const done = await placeAll(join(work, 'scratch'), id, args.paths, watched.live)
    await rm(work, { recursive: true, force: true })
    return told(snapshot, id, done)
  } catch (error) {
    return { outcome: 'failed', detail: error instanceof Error ? error.message : String(error) }
  }
}

/** Once chosen, always: a backup that is made meanwhile may hold what is encrypted. */
async function chosen(backups: Backups, work: string, { paths, before, snapshot: named }: Args): Promise<Snapshot | string> {
  const known = await readFile(join(work, 'state.json'), 'utf8').catch(() => undefined)
  if (known !== undefined) return Snapshot.parse(JSON.parse(known))
  const all = await backups.list()
  const found = named === undefined ? chooseSnapshot(all, paths, before) : all.find(({ id }) => id === named)
  if (!found) return whyNone(all, named, before)
  await mkdir(work, { recursive: true, mode: 0o700 })
  await writeWhole(join(work, 'state.json'), JSON.stringify(found))
  return found
}

function whyNone(all: readonly Snapshot[], named: string | undefined, before: number): string {
  if (named !== undefined) return 'this backup has no snapshot of that id'
  const older = all.filter(({ at }) => at < before).length
  return `no verified snapshot before ${new Date(before).toISOString()} holds all of these; ${older} of ${all.length} are older, and can be named by their id`
}

/** More are counted no further: a look shall not cost as much as what it looks at. */
const maxCounted = 20_000

/** An older restic says nothing while it works; what lies in the folder does. */
async function writtenIn(folder: string): Promise<{ files: number; bytes: number }> {
  const sum = { files: 0, bytes: 0 }
  for await (const entry of await opendir(folder, { recursive: true })) {
    if (!entry.isFile()) continue
    sum.files += 1
    sum.bytes += await lstat(join(entry.parentPath, entry.name)).then(
      ({ size }) => size,
      () => 0,
    )
    if (sum.files >= maxCounted) break
  }
  return sum
}

const sayWritten = ({ files, bytes }: { files: number; bytes: number }): string =>
  `${files >= maxCounted ? 'more than ' : ''}${files} files, ${mebibytes(bytes)} MiB`

const mebibytes = (bytes: number): number => Math.round(bytes / 1_048_576)

async function fetchOnce(
  { restic }: Backups,
  work: string,
  snapshot: Snapshot,
  paths: readonly string[],
  { live, time }: Watched,
): Promise<void> {
  const [scratch, whole] = [join(work, 'scratch'), join(work, 'whole')]
  if (await isThere(whole)) return
  await rm(scratch, { recursive: true, force: true })
  await mkdir(scratch, { mode: 0o700 })
  const what = `restic restores the snapshot of ${new Date(snapshot.at).toISOString()} and verifies it`
  live.progress(0, what)
  let isSaid = false
  const look = async (): Promise<void> => {
    if (!isSaid) live.progress(0, `${what}: ${sayWritten(await writtenIn(scratch))} so far`)
  }
  const stop = recur({ time, everyMs: seconds(5), firstAfterMs: seconds(5), round: look, failed: () => undefined })
  try {
    await restic.restore(snapshot.id, paths, scratch, ({ done, files, ofFiles, bytes, ofBytes }) => {
      isSaid = true
      // The other half is to put it into place.
      live.progress(done / 2, `${what}: ${files} of ${ofFiles} files, ${mebibytes(bytes)} of ${mebibytes(ofBytes)} MiB`)
    })
  } finally {
    await stop()
  }
  await writeWhole(whole, '')
}

async function placeAll(scratch: string, id: string, paths: readonly string[], live: Live): Promise<PutBack> {
  const sum: PutBack = { restored: 0, unchanged: 0, left: [] }
  for (const [nth, path] of paths.entries()) {
    const from = join(scratch, path)
    if (!(await isThere(from))) {
      sum.left.push(`${path}: the snapshot does not hold it`)
      continue
    }
    const onFile = (files: number): void => live.progress(0.5 + (0.5 * nth) / paths.length, `${path}: ${files} files in place`)
    const done = await putBack(from, path, { ending: endingOf(id), onFile })
    sum.restored += done.restored
    sum.unchanged += done.unchanged
    sum.left.push(...done.left)
  }
  return sum
}

const endingOf = (id: string): string => `before-restore-${id.replace(/[^\w-]/g, '').slice(0, 13)}`

function told({ id: snapshot, at }: Snapshot, id: string, { restored, unchanged, left }: PutBack): VerbOutcome {
  const detail = `${restored} files are back as they were at ${new Date(at).toISOString()}, ${unchanged} were so still${left.length > 0 ? `, ${left.length} are not: ${left[0]}` : ''}`
  const output = {
    snapshot,
    snapshotAt: at,
    restored,
    unchanged,
    keptAs: endingOf(id),
    left: left.slice(0, 50).map((line) => line.slice(0, 300)),
  }
  return { outcome: left.length > 0 ? 'failed' : 'succeeded', detail, output }
}

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  )

async function writeWhole(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600, flush: true })
  await rename(`${file}.new`, file)
}
