import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { FolderLook, Probe } from '../../host/probe.ts'
import type { Place } from './places.ts'
import type { Kept, Snapshot } from './snapshot.ts'

/**
 * Where packages put their services and timers, programs that make some at each start, and modules of PAM. There are hundreds, and hardly one changes, so
 * the folders are looked at, and the files only when a folder is another than before, or after so many looks: whoever writes into a file
 * that is there already is found within ten minutes. What the generators make of it is made anew at each start, and nobody's own.
 */
const folders = ['/usr/lib/systemd/system', '/lib/systemd/system', '/usr/lib/systemd/user'].map((path) => ({ path, isUnits: true }))
const generators = ['/usr/lib/systemd/system-generators', '/usr/lib/systemd/user-generators'].map((path) => ({ path, isUnits: false }))
/** What every log-on runs through, by the names that distributions give the folder. */
const modules = [
  '/usr/lib/security',
  '/usr/lib64/security',
  '/usr/lib/x86_64-linux-gnu/security',
  '/usr/lib/aarch64-linux-gnu/security',
].map((path) => ({ path, isUnits: false }))
const looksBetweenWalks = 120
const maxFiles = 3_000
const maxBytes = 262_144

const unit = /\.(?:service|timer|socket|path|mount|automount|target|slice|swap|conf)$/

/** What systemd passes by; of another name that only looks like a package's half-done work, it runs what is in it. */
const notRun = /\.dpkg-(?:new|tmp|old|dist|bak|backup|remove)$/

type UnitProbe = Pick<Probe, 'listNow' | 'lookNow' | 'linkNow' | 'read'>

interface Seen {
  signature: string
  kept: Kept
}

export class UnitFolders {
  readonly #probe: UnitProbe
  readonly #root: string
  #looks = new Map<string, FolderLook>()
  #seen = new Map<string, Seen>()
  #last: Snapshot = new Map()
  #sinceWalk = looksBetweenWalks
  #isSettled = false
  #hasLearnt = false

  /** @param root where the machine's tree begins; tests have one of their own. */
  constructor(probe: UnitProbe, root = '') {
    this.#probe = probe
    this.#root = root
  }

  /** The same snapshot as before where nothing came, went or was renamed. */
  async take(): Promise<Snapshot> {
    this.#sinceWalk += 1
    const isChanged = this.#haveFoldersChanged()
    if (!isChanged && this.#isSettled && this.#sinceWalk < looksBetweenWalks) return this.#last
    this.#isSettled = !isChanged
    this.#sinceWalk = 0
    this.#last = await this.#walk()
    return this.#last
  }

  /** A drop-in folder that is there already is looked at as the folder it lies in is. */
  #haveFoldersChanged(): boolean {
    let isChanged = false
    const dropIns = [...this.#looks.keys()].filter((path) => path.endsWith('.d'))
    for (const path of [...[...folders, ...generators, ...modules].map((each) => each.path), ...dropIns]) {
      const before = this.#looks.get(path)
      // What came within a tick of the clock isn't told by the folder's time: listed again until it is quiet.
      const look = this.#probe.listNow(this.#root + path, this.#isSettled ? before : undefined)
      isChanged ||= look?.changedAt !== before?.changedAt || look?.identity !== before?.identity
      if (look) this.#looks.set(path, look)
      else this.#looks.delete(path)
    }
    return isChanged
  }

  async #walk(): Promise<Snapshot> {
    const isFirst = !this.#hasLearnt
    this.#hasLearnt = true
    const found = new Map<string, Kept>()
    const seen = new Map<string, Seen>()
    for (const path of this.#files()) {
      const entry = await this.#keptAt(path, isFirst)
      if (!entry) continue
      seen.set(path, entry)
      found.set(path, entry.kept)
    }
    this.#seen = seen
    return found
  }

  #files(): string[] {
    // Where /lib leads to /usr/lib, both are one folder.
    const once = [...new Map(folders.map((each) => [this.#looks.get(each.path)?.identity, each] as const).reverse()).values()].reverse()
    return [...once, ...generators, ...modules].flatMap(({ path, isUnits }) => this.#filesIn(path, isUnits)).slice(0, maxFiles)
  }

  #filesIn(folder: string, isUnits: boolean): string[] {
    const names = this.#looks.get(folder)?.names ?? []
    if (!isUnits) return names.filter((name) => !notRun.test(name)).map((name) => join(folder, name))
    const dropIns = names.filter((name) => name.endsWith('.d')).flatMap((name) => this.#dropIns(join(folder, name)))
    return [...names.filter((name) => unit.test(name)).map((name) => join(folder, name)), ...dropIns]
  }

  #dropIns(folder: string): string[] {
    const look = this.#probe.listNow(this.#root + folder)
    if (!look) return []
    this.#looks.set(folder, look)
    return look.names.filter((name) => name.endsWith('.conf')).map((name) => join(folder, name))
  }

  /** Of what was there at the first look only a hash is kept: it is megabytes, and nobody asks for it. */
  async #keptAt(path: string, isFirst: boolean): Promise<Seen | undefined> {
    const look = this.#probe.lookNow(this.#root + path)
    const target = look ? undefined : this.#probe.linkNow(this.#root + path)
    const signature = look ? `${look.identity} ${look.changedAt} ${look.sizeBytes}` : `a link to ${target}\n`
    const before = this.#seen.get(path)
    if (before?.signature === signature) return before
    if (!look && target === undefined) return undefined
    const bytes = look ? await this.#probe.read(this.#root + path, maxBytes).catch(() => undefined) : Buffer.from(signature)
    if (!bytes) return before
    const text = isFirst ? '' : bytes.toString('utf8')
    return { signature, kept: { place: placeOf(path), sha256: createHash('sha256').update(bytes).digest('hex'), text } }
  }
}

const placeOf = (path: string): Place => {
  if (path.includes('/security/')) return { path, class: 'new', technique: 'T1556.003', what: 'a module that every log-on runs through' }
  const what = path.includes('-generators/') ? 'a program that makes services at each start' : 'a service or timer among those of packages'
  return { path, class: 'new', technique: 'T1543.002', what }
}
