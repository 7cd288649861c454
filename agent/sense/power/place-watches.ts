import { basename, dirname } from 'node:path'
import { minutes } from '#shared/domain/time.ts'
import type { FolderLook, Probe, Stop } from '../../host/probe.ts'
import type { Place } from './places.ts'

/** A write through mapped memory raises no event, nor does a folder that is mounted over another: all places are looked at so often. */
const allEveryMs = minutes(1)

interface Watched {
  look: FolderLook
  stop: Stop
  /** Which places a name in it is about; of some every name is. */
  about: readonly { place: Place; name: string | undefined }[]
}

export interface Watching {
  place: Place
  /** As it is found on this machine. */
  full: string
  /** Folders in it whose files matter too. */
  inside: readonly string[]
}

/**
 * Which of the system's places have to be looked at. Enters: their folders. Leaves: whether anything there was named since. Promises: a
 * place is quiet only while each folder of it that is there is watched, or the last on the way to it that is. On failure: it is looked at
 * each time. To look at each of three hundred files every five seconds cost a third of all that an idle agent does.
 */
export class PlaceWatches {
  readonly #probe: Pick<Probe, 'watchFolder' | 'listNow'>
  readonly #now: () => number
  readonly #folders = new Map<string, Watched>()
  readonly #watched = new Set<Place>()
  readonly #touched = new Set<Place>()
  #lookedAtAll = Number.NEGATIVE_INFINITY
  #isStopped = false

  /** @param now monotonic ms */
  constructor(probe: Pick<Probe, 'watchFolder' | 'listNow'>, now: () => number) {
    this.#probe = probe
    this.#now = now
  }

  /** All of them are looked at now. */
  isTimeForAll(): boolean {
    const now = this.#now()
    const isTime = now - this.#lookedAtAll >= allEveryMs
    if (isTime) this.#lookedAtAll = now
    return isTime
  }

  /** Nothing came, went or was written there since this was asked last. */
  isQuiet(place: Place): boolean {
    return !this.#touched.delete(place) && this.#watched.has(place)
  }

  /** Something did somewhere: what has to be watched may be another by now. */
  isAnyTouched(): boolean {
    return this.#touched.size > 0
  }

  /** Before they are looked at, so that nothing falls between the two. */
  async watch(all: readonly Watching[]): Promise<void> {
    const wanted = aboutOf(all, (folder) => this.#probe.listNow(folder, this.#folders.get(folder)?.look) !== undefined)
    for (const [folder, { stop }] of this.#folders) if (!wanted.has(folder)) this.#end(folder, stop)
    const unwatched = new Set<Place>()
    for (const [folder, about] of wanted) {
      const isAsFound = await this.#begin(folder, about)
      if (!isAsFound) for (const { place } of about) unwatched.add(place)
    }
    this.#watched.clear()
    for (const { place } of all) if (!unwatched.has(place)) this.#watched.add(place)
  }

  stop(): void {
    this.#isStopped = true
    for (const [folder, { stop }] of this.#folders) this.#end(folder, stop)
  }

  /** @returns false: it is there, and can’t be watched. */
  async #begin(folder: string, about: Watched['about']): Promise<boolean> {
    const known = this.#folders.get(folder)
    const look = this.#probe.listNow(folder, known?.look)
    if (known && known.look.identity === look?.identity) {
      Object.assign(known, { look, about })
      return true
    }
    if (known) this.#end(folder, known.stop)
    if (look === undefined || this.#isStopped) return true
    try {
      const stop = await this.#probe.watchFolder(folder, (name) => this.#heard(folder, name))
      if (this.#isStopped) stop()
      else this.#folders.set(folder, { look, stop, about })
      return true
    } catch {
      return false
    }
  }

  /** @param named the folder's own name, where it went itself. */
  #heard(folder: string, named: string | undefined): void {
    for (const { place, name } of this.#folders.get(folder)?.about ?? [])
      if (named === undefined || named === basename(folder) || name === undefined || name === named) this.#touched.add(place)
  }

  #end(folder: string, stop: Stop): void {
    stop()
    this.#folders.delete(folder)
  }
}

/** By folder: of the one that a place lies in, or of the last that is there on the way to it, a name matters; of those that are a place every name. */
function aboutOf(all: readonly Watching[], isThere: (folder: string) => boolean): Map<string, Watched['about']> {
  const wanted = new Map<string, { place: Place; name: string | undefined }[]>()
  const add = (folder: string, place: Place, name: string | undefined): void => {
    const known = wanted.get(folder)
    if (known) known.push({ place, name })
    else wanted.set(folder, [{ place, name }])
  }
  for (const { place, full, inside } of all) {
    const next = nextOnTheWayTo(full, isThere)
    add(dirname(next), place, basename(next))
    for (const folder of next === full ? [full, ...inside] : []) add(folder, place, undefined)
  }
  return wanted
}

/** The path itself where the folder that it lies in is there, else the first folder on the way to it that isn't. */
function nextOnTheWayTo(path: string, isThere: (folder: string) => boolean): string {
  const folder = dirname(path)
  return folder === path || isThere(folder) ? path : nextOnTheWayTo(folder, isThere)
}
