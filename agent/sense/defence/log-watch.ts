import { basename, dirname, join } from 'node:path'
import type { FileLook, Probe } from '../../host/probe.ts'
import { Reach } from '../canary/reach.ts'

export interface Cleared {
  path: string
  kind: 'log' | 'history'
  how: 'emptied' | 'cut' | 'removed'
  bytesBefore: number
  bytesNow: number
}

/** Only ever appended to, and moved away by rotation. */
const logs = ['auth.log', 'secure', 'syslog', 'messages', 'kern.log', 'wtmp', 'btmp', 'audit/audit.log'].map((name) => `/var/log/${name}`)
const journals = '/var/log/journal'
const histories = ['.bash_history', '.zsh_history', '.ash_history', '.python_history', '.mysql_history']
/** Less was hardly a history. */
const leastHistoryBytes = 64
const maxHomes = 100
const maxBeside = 200
/** Clocks of file systems tick coarsely. */
const clockSlackMs = 2_000

type LogProbe = Pick<Probe, 'look' | 'lookNow' | 'list' | 'vitals'>

interface Seen {
  look: FileLook
  at: number
}

/** Looks at the sizes and identities of logs; tells what was taken out of them by anything but rotation. */
export class LogWatch {
  readonly #probe: LogProbe
  readonly #reach: Reach
  readonly #root: string
  readonly #seen = new Map<string, Seen>()

  /** @param root where the machine's tree begins; tests have one of their own. */
  constructor(probe: LogProbe, root = '') {
    this.#probe = probe
    this.#reach = new Reach(probe)
    this.#root = root
  }

  /** @param now epoch ms */
  async take(now: number): Promise<Cleared[]> {
    await this.#reach.look()
    const files = [...logs, ...(await this.#journals())].map((path) => ({ path, kind: 'log' as const }))
    const watched = [...files, ...(await this.#histories()).map((path) => ({ path, kind: 'history' as const }))]
    const cleared: Cleared[] = []
    for (const { path, kind } of new Map([...this.#known(), ...watched.map((each) => [each.path, each] as const)]).values()) {
      const found = await this.#compare(path, kind, now)
      if (found) cleared.push(found)
    }
    return cleared
  }

  #known(): [string, { path: string; kind: Cleared['kind'] }][] {
    return [...this.#seen.keys()].map((path) => [path, { path, kind: histories.includes(basename(path)) ? 'history' : 'log' }])
  }

  async #compare(path: string, kind: Cleared['kind'], now: number): Promise<Cleared | undefined> {
    const before = this.#seen.get(path)
    const look = await this.#look(path)
    if (look) this.#seen.set(path, { look, at: now })
    else this.#seen.delete(path)
    const how = before && howCleared(path, kind, before.look, look)
    if (!before || !how || (await this.#isExplained(path, kind, before))) return undefined
    return { path, kind, how, bytesBefore: before.look.sizeBytes, bytesNow: look?.sizeBytes ?? 0 }
  }

  /** What only root can rearrange is looked at without a thread of the pool, which costs ten times the look. */
  async #look(path: string): Promise<FileLook | undefined> {
    const full = this.#root + path
    return path.startsWith('/home/') || this.#reach.isFar(full)
      ? await this.#probe.look(full).catch(() => undefined)
      : this.#probe.lookNow(full)
  }

  /** Rotation moves the file beside itself, or copies (and may compress) it there; a folder that went away took its owner along. */
  async #isExplained(path: string, kind: Cleared['kind'], before: Seen): Promise<boolean> {
    const folder = dirname(path)
    const beside = await this.#probe.list(this.#root + folder).catch(() => undefined)
    if (!beside) return true
    if (kind === 'history') return false
    const stem = basename(path).replace(/\.journal$/, '')
    const names = beside.names.filter((name) => name.startsWith(stem) && name !== basename(path)).slice(-maxBeside)
    for (const name of names) {
      const look = await this.#probe.look(join(this.#root + folder, name)).catch(() => undefined)
      if (look && (look.identity === before.look.identity || isCopy(name, look, before))) return true
    }
    return false
  }

  async #journals(): Promise<string[]> {
    const machines = await this.#probe.list(this.#root + journals).catch(() => undefined)
    return (machines?.names ?? []).slice(0, 10).map((name) => join(journals, name, 'system.journal'))
  }

  async #histories(): Promise<string[]> {
    const homes = await this.#probe.list(`${this.#root}/home`).catch(() => undefined)
    const folders = ['/root', ...(homes?.names ?? []).slice(0, maxHomes).map((name) => `/home/${name}`)]
    return folders.flatMap((folder) => histories.map((name) => join(folder, name)))
  }
}

function howCleared(path: string, kind: Cleared['kind'], before: FileLook, now: FileLook | undefined): Cleared['how'] | undefined {
  if (before.sizeBytes < (kind === 'history' ? leastHistoryBytes : 1)) return undefined
  if (!now) return 'removed'
  // A shell writes its history anew when it ends, and shortens it; a journal's file is made larger than what is in it.
  if (kind === 'history') return now.sizeBytes * 10 < before.sizeBytes ? 'emptied' : undefined
  if (path.endsWith('.journal')) return now.identity === before.identity ? undefined : 'removed'
  if (now.sizeBytes >= before.sizeBytes) return undefined
  return now.sizeBytes === 0 ? 'emptied' : 'cut'
}

const isCopy = (name: string, look: FileLook, { look: before, at }: Seen): boolean =>
  look.bornAt >= at - clockSlackMs && (/\.(?:gz|xz|zst|bz2)$/.test(name) ? look.sizeBytes > 0 : look.sizeBytes >= before.sizeBytes * 0.9)
