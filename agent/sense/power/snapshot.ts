import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import type { FileLook, FolderLook, Probe } from '../../host/probe.ts'
import { Reach } from '../canary/reach.ts'
import type { PlaceWatches } from './place-watches.ts'
import { homesElsewhere, type Place, places, placesOf } from './places.ts'

/** A watched file as it is: its text for people, as far as it is shown, and a hash of all that was read. */
export interface Kept {
  place: Place
  sha256: string
  text: string
}

interface Home {
  folder: string
  places: readonly Place[]
  /** Not right below /home: nobody knows whose folders are on the way there, so a thread looks. */
  isElsewhere: boolean
}

/** Of what a person's folders hold, so much more text may be kept. */
interface Room {
  left: number
}

export type Snapshot = ReadonlyMap<string, Kept>

/** A list of keys may be as long; what is larger still is compared by its beginning and its size. */
const maxBytes = 4_194_304
/** Settings are small; of what is larger the beginning and the end are kept, each half as long. */
const maxText = 262_144
/** Anybody may fill folders of theirs: beyond this only the beginning of each file is kept. */
const maxTextOfHome = 1_048_576
const leastText = 4_096
const maxFilesInFolder = 500
const maxHomes = 200

/** Files by what tells that they changed, so that only those are read again. */
export class Snapshots {
  readonly #probe: Probe
  readonly #root: string
  readonly #watches: PlaceWatches | undefined
  /** What each of the system's places held when it was looked at last. */
  readonly #held = new Map<Place, ReadonlyMap<string, Kept>>()
  readonly #seen = new Map<string, { signature: string; kept: Kept }>()
  readonly #folders = new Map<string, { look: FolderLook; isSettled: boolean }>()
  /** How much text of each home's folders is kept. */
  readonly #texts = new Map<string, number>()
  #elsewhere: { of: Kept | undefined; homes: readonly string[] } = { of: undefined, homes: [] }
  #homeNames = ''
  #placesOfHomes: readonly Home[] = []
  readonly #reach: Reach

  /** @param root where the machine's tree begins; tests have one of their own. @param watches absent: every place is looked at each time. */
  constructor(probe: Probe, root = '', watches?: PlaceWatches) {
    this.#probe = probe
    this.#reach = new Reach(probe)
    this.#root = root
    this.#watches = watches
  }

  /**
   * The system's own files are looked at without a thread of the pool, which would cost ten times as much. What people have may lie where
   * nobody answers, so threads look there, at one home after the other.
   */
  async take(): Promise<Snapshot> {
    const found = new Map<string, Kept>()
    await this.#takeSystem()
    for (const held of this.#held.values()) for (const [path, kept] of held) found.set(path, kept)
    await this.#reach.look()
    for (const home of await this.#homes()) await this.#takeHome(home, found)
    for (const path of this.#seen.keys()) if (!found.has(path)) this.#seen.delete(path)
    return found
  }

  async #takeSystem(): Promise<void> {
    const isAll = this.#watches?.isTimeForAll() ?? true
    if (isAll || this.#watches?.isAnyTouched()) await this.#watchAll()
    for (const place of places) {
      if (!isAll && this.#watches?.isQuiet(place)) continue
      const found = new Map<string, Kept>()
      await this.#takePlace(place, found)
      this.#held.set(place, found)
    }
  }

  async #watchAll(): Promise<void> {
    await this.#watches?.watch(places.map((place) => ({ place, full: this.#root + place.path, inside: this.#dropInsOf(place) })))
  }

  #dropInsOf({ path, hasDropIns }: Place): string[] {
    const full = this.#root + path
    const names = hasDropIns ? (this.#listNow(full)?.names ?? []) : []
    return names
      .filter((name) => name.endsWith('.d'))
      .slice(0, maxFilesInFolder)
      .map((name) => join(full, name))
  }

  async #homes(): Promise<readonly Home[]> {
    const all = `${this.#root}/home`
    const listed = this.#reach.isFar(all) ? await this.#probe.list(all).catch(() => undefined) : this.#listNow(all)
    const shown = (listed?.names ?? []).toSorted().map((name) => join('/home', name))
    const elsewhere = this.#homesElsewhere()
    const folders = [...shown.slice(0, maxHomes), ...elsewhere.slice(0, maxHomes)]
    if (folders.join('\n') !== this.#homeNames) {
      this.#homeNames = folders.join('\n')
      this.#placesOfHomes = folders.map((folder) => ({ folder, places: placesOf(folder), isElsewhere: dirname(folder) !== '/home' }))
    }
    return this.#placesOfHomes
  }

  #homesElsewhere(): readonly string[] {
    const passwd = [...this.#held].find(([place]) => place.path === '/etc/passwd')?.[1].get('/etc/passwd')
    if (passwd !== this.#elsewhere.of) this.#elsewhere = { of: passwd, homes: homesElsewhere(passwd?.text ?? '') }
    return this.#elsewhere.homes
  }

  /** Whoever lives there can't make a link of the way to their own home, so what lies at its top is seen at once; below it they may. */
  async #takeHome({ folder, places, isElsewhere }: Home, found: Map<string, Kept>): Promise<void> {
    const names = await this.#namesIn(this.#root + folder, isElsewhere)
    const there = places.filter(({ path }) => names?.has(path.slice(folder.length + 1).split('/')[0] ?? '') ?? true)
    const isAtTop = ({ path }: Place): boolean => names !== undefined && !isElsewhere && dirname(path) === folder
    const own = new Map<string, Kept>()
    const room = { left: maxTextOfHome - (this.#texts.get(folder) ?? 0) }
    await Promise.all(there.map((place) => this.#takePlace(place, own, isAtTop(place), room)))
    const texts = [...own.values()].map(({ place, text }) => (place.isPersons === 'folder' ? text.length : 0))
    this.#texts.set(
      folder,
      texts.reduce((sum, length) => sum + length, 0),
    )
    for (const [path, kept] of own) found.set(path, kept)
  }

  /** Undefined where each file has to be asked for. */
  async #namesIn(full: string, isElsewhere: boolean): Promise<ReadonlySet<string> | undefined> {
    if (this.#reach.isFar(full)) return undefined
    if (!isElsewhere) return new Set(this.#listNow(full)?.names)
    return new Set(
      (
        await this.#probe.list(full, this.#known(full)).then(
          (look) => this.#noted(full, look),
          () => undefined,
        )
      )?.names,
    )
  }

  async #takePlace(place: Place, found: Map<string, Kept>, isSeenAtOnce = !place.isPersons, room?: Room): Promise<void> {
    for (const path of await this.#filesOf(place)) {
      const full = this.#root + path
      const look = isSeenAtOnce ? this.#probe.lookNow(full) : await this.#probe.look(full).catch(() => undefined)
      const kept = look ? (this.#keptAs(path, signatureOf(look)) ?? (await this.#read(path, place, look, room))) : this.#link(path, place)
      if (kept) found.set(path, kept)
    }
  }

  /** A unit that lies elsewhere is put here as a link. Where it leads is kept, and never followed; people may link in their own what they like. */
  #link(path: string, place: Place): Kept | undefined {
    const target = place.isPersons || path === place.path ? undefined : this.#probe.linkNow(this.#root + path)
    if (target === undefined) return undefined
    const text = `a link to ${target}\n`
    const known = this.#keptAs(path, text)
    if (known) return known
    const kept = { place, sha256: createHash('sha256').update(text).digest('hex'), text }
    this.#seen.set(path, { signature: text, kept })
    return kept
  }

  /** The file itself, or what lies in the folder, and in those of it that change what lies beside them. */
  async #filesOf({ path, isPersons, hasDropIns }: Place): Promise<string[]> {
    if (isPersons === 'file') return [path]
    const full = this.#root + path
    const listed = isPersons ? await this.#probe.list(full).catch(() => undefined) : this.#listNow(full)
    if (!listed) return [path]
    const names = listed.names.toSorted().slice(0, maxFilesInFolder)
    const dropIns = hasDropIns ? names.filter((name) => name.endsWith('.d')) : []
    const inside = dropIns.flatMap((name) => (this.#listNow(join(full, name))?.names ?? []).map((each) => join(name, each)))
    return [...names, ...inside.toSorted().slice(0, maxFilesInFolder)].map((name) => join(path, name))
  }

  /** A folder that shows the same time in two looks is not listed in the third: what came within a tick of the first is in the second. */
  #listNow(folder: string): FolderLook | undefined {
    return this.#noted(folder, this.#probe.listNow(folder, this.#known(folder)))
  }

  #known(folder: string): FolderLook | undefined {
    const before = this.#folders.get(folder)
    return before?.isSettled ? before.look : undefined
  }

  #noted(folder: string, look: FolderLook | undefined): FolderLook | undefined {
    const before = this.#folders.get(folder)
    if (look === undefined) this.#folders.delete(folder)
    else this.#folders.set(folder, { look, isSettled: before?.look.changedAt === look.changedAt && before.look.identity === look.identity })
    return look
  }

  #keptAs(path: string, signature: string): Kept | undefined {
    const seen = this.#seen.get(path)
    return seen?.signature === signature ? seen.kept : undefined
  }

  async #read(path: string, place: Place, look: FileLook, room?: Room): Promise<Kept | undefined> {
    const bytes = await this.#probe.read(this.#root + path, maxBytes).catch(() => undefined)
    if (!bytes) return this.#seen.get(path)?.kept
    const hash = createHash('sha256').update(bytes)
    if (look.sizeBytes > bytes.length) hash.update(String(look.sizeBytes))
    const kept = { place, sha256: hash.digest('hex'), text: textOf(bytes, place.isPersons === 'folder' ? room : undefined) }
    this.#seen.set(path, { signature: signatureOf(look), kept })
    return kept
  }
}

function textOf(bytes: Buffer, room: Room | undefined): string {
  const ends = [bytes.subarray(0, maxText / 2), bytes.subarray(-maxText / 2)]
  const whole = bytes.length <= maxText ? bytes.toString('utf8') : ends.map((each) => each.toString('utf8')).join('\n')
  if (!room) return whole
  const text = whole.length <= room.left ? whole : bytes.toString('utf8', 0, leastText)
  room.left -= text.length
  return text
}

const signatureOf = ({ identity, changedAt, sizeBytes }: FileLook): string => `${identity} ${changedAt} ${sizeBytes}`
