import { readFileSync, statSync } from 'node:fs'
import { z } from 'zod'
import { hours, minutes } from '#shared/domain/time.ts'
import { firstIssue } from '#shared/protocol/envelope.ts'
import type { Ended, Host, RunOptions } from '../host/host.ts'
import { aboutIn, progressIn, type ResticAbout, type RestoreProgress, sayings } from './restic-features.ts'

/*
 * The way to restic (0.14 on), and the only one. Enters: what to do, by name. Leaves: what restic said. Promises: its
 * options are this fixed list, and so are the names in its environment; no word of a command becomes either; where the
 * repository is, its password and its keys stand in files that only root reads, and never leave this machine: no argument,
 * no log and no error holds one. Threat: an order that makes root run something
 * by `-o sftp.command`, `RESTIC_PASSWORD_COMMAND` and their like, or that sends the backup to a stranger's repository.
 */

const secret = z.string().min(1).max(4_000)

/** Of a repository in `s3:…`. No other name gets through: some of restic's run programs, or read other files. */
const Keys = z.strictObject({
  AWS_ACCESS_KEY_ID: secret.optional(),
  AWS_SECRET_ACCESS_KEY: secret.optional(),
  AWS_SESSION_TOKEN: secret.optional(),
  AWS_DEFAULT_REGION: secret.optional(),
})

const Settings = z.strictObject({
  /** A folder, or what restic calls a repository. */
  repository: z
    .string()
    .min(1)
    .max(1_000)
    .refine((text) => !text.startsWith('-'), 'a repository does not begin with -'),
  /** Holds the repository's password; only root can read it. */
  passwordFile: z.string().startsWith('/'),
  environment: Keys.default({}),
  /** Folders into which may be restored, and everything below them. */
  restoresInto: z.array(z.string().startsWith('/')).min(1).max(50),
})
export type ResticSettings = z.infer<typeof Settings>

export type Read = { kind: 'settings'; settings: ResticSettings } | { kind: 'none'; reason: string }

/** Anew each time, so that a repository that is set up later needs no restart. */
export function readSettings(file: string): Read {
  try {
    const settings = Settings.safeParse(JSON.parse(readFileSync(file, 'utf8')))
    if (!settings.success) return none(`${file}: ${firstIssue(settings.error)}`)
    for (const secret of [file, settings.data.passwordFile]) mustBeOurs(secret)
    return { kind: 'settings', settings: settings.data }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return none(code === 'ENOENT' ? `this machine names no backup (${file})` : String(error instanceof Error ? error.message : error))
  }
}

function mustBeOurs(file: string): void {
  const { uid, mode } = statSync(file)
  if (uid !== (process.getuid?.() ?? uid) || (mode & 0o077) !== 0)
    throw new Error(`${file} can be read by others on this machine; give it to the agent's user and run chmod 600 on it`)
}

const none = (reason: string): Read => ({ kind: 'none', reason })

const Listed = z.array(z.object({ id: z.string().regex(/^[0-9a-f]{64}$/), time: z.string(), paths: z.array(z.string()) }))
const Node = z.object({
  struct_type: z.literal('node'),
  type: z.string(),
  path: z.string(),
  size: z.number().default(0),
  mtime: z.string(),
})
export type ResticNode = z.infer<typeof Node>

export interface Restic {
  snapshots(): Promise<{ id: string; at: number; paths: string[] }[]>
  /** Regular files of a snapshot. */
  files(snapshot: string): Promise<ResticNode[]>
  /** Whole into this folder, each restored file read again and compared. `onProgress` is told where this restic can say it. */
  restore(snapshot: string, paths: readonly string[], into: string, onProgress?: (now: RestoreProgress) => void): Promise<void>
  /** Its version, and what it can do besides. Never rejects. */
  about(): Promise<ResticAbout>
}

type Opening = Pick<ResticSettings, 'repository' | 'passwordFile'> & Partial<Pick<ResticSettings, 'environment'>>

/** @throws Error with one sentence, by each of its functions. */
export function openRestic(host: Pick<Host, 'run'>, { repository, passwordFile, environment: keys = {} }: Opening): Restic {
  const always = [`--repo=${repository}`, `--password-file=${passwordFile}`, '--no-lock', '--no-cache']
  const environment = Object.fromEntries(Object.entries(keys).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
  const ask = async (): Promise<ResticAbout> => {
    const ended = await host.run('restic', ['version'], { timeoutMs: minutes(1), isBehind: true })
    return aboutIn(ended.kind === 'ended' && ended.code === 0 ? ended.stdout : '')
  }
  let asked: Promise<ResticAbout> | undefined
  const about = (): Promise<ResticAbout> => {
    asked ??= ask()
    return asked
  }
  const run = async (act: string, options: readonly string[], words: readonly string[], how: How): Promise<string> => {
    const args = [act, ...always, ...(how.onLine ? [] : ['--quiet']), ...options, '--', ...words]
    const ended = without(keys, await host.run('restic', args, { environment, isBehind: true, ...how }))
    const why = ended.kind === 'ended' ? sayings[ended.code] : undefined
    if (why !== undefined && (await about()).features.includes('exit-codes')) throw new Error(`restic ${act}: ${why}`)
    return said(act, ended)
  }
  return {
    about,
    async snapshots() {
      const listed = Listed.parse(JSON.parse(await run('snapshots', ['--json'], [], { timeoutMs: minutes(2) })))
      return listed.map(({ id, time, paths }) => ({ id, at: Date.parse(time), paths })).toSorted((a, b) => b.at - a.at)
    },
    async files(snapshot) {
      const lines = (await run('ls', ['--json'], [snapshot], { timeoutMs: minutes(10) })).split('\n')
      const nodes = lines.flatMap((line) => nodeIn(line) ?? [])
      return nodes.filter(({ type }) => type === 'file')
    },
    async restore(snapshot, paths, into, onProgress) {
      const only = paths.map((path) => `--include=${literally(path)}`)
      const options = ['--verify', `--target=${into}`, ...only]
      const how = { timeoutMs: hours(12) }
      if (!onProgress || !(await about()).features.includes('restore-progress'))
        return void (await run('restore', options, [snapshot], how))
      const onLine = (line: string): void => {
        const now = progressIn(line)
        if (now) onProgress(now)
      }
      await run('restore', [...options, '--json'], [snapshot], { ...how, onLine, environment: { ...environment, ...oncePerSecond } })
    },
  }
}

type How = Pick<RunOptions, 'timeoutMs' | 'onLine' | 'environment'>

/** restic would say it sixty times a second. */
const oncePerSecond = { RESTIC_PROGRESS_FPS: '1' }

/** A repository may repeat what it was shown. */
function without(keys: ResticSettings['environment'], ended: Ended): Ended {
  const { AWS_DEFAULT_REGION: _, ...secrets } = keys
  if (ended.kind !== 'ended') return ended
  const stderr = Object.values(secrets).reduce<string>(
    (text, value) => (value === undefined ? text : text.replaceAll(value, '…')),
    ended.stderr,
  )
  return { ...ended, stderr }
}

/** The last line may be cut off: what a program says is bounded. */
function nodeIn(line: string): ResticNode | undefined {
  try {
    return Node.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

/** restic reads a path as a pattern. */
const literally = (path: string): string => path.replace(/[\\*?[\]]/g, '\\$&')

function said(act: string, ended: Ended): string {
  if (ended.kind === 'missing') throw new Error('this machine has no restic')
  if (ended.kind === 'timed-out') throw new Error(`restic ${act} did not end in time`)
  if (ended.code !== 0) throw new Error(`restic ${act} ended with code ${ended.code}: ${ended.stderr.trim().slice(0, 300)}`)
  return ended.stdout
}
