import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Probe } from '../../host/probe.ts'
import { type Place, places, placesOf } from './places.ts'

/** A watched file as it is: its text for people, as far as it is shown, and a hash of all that was read. */
export interface Kept {
  place: Place
  sha256: string
  text: string
}

export type Snapshot = ReadonlyMap<string, Kept>

/** Settings are small; what is larger is compared by its beginning. */
const maxBytes = 262_144
const maxFilesInFolder = 500
const maxHomes = 200

/** Files by what tells that they changed, so that only those are read again. */
export class Snapshots {
  readonly #probe: Probe
  readonly #root: string
  readonly #seen = new Map<string, { signature: string; kept: Kept }>()

  /** @param root where the machine's tree begins; tests have one of their own. */
  constructor(probe: Probe, root = '') {
    this.#probe = probe
    this.#root = root
  }

  async take(): Promise<Snapshot> {
    const found = new Map<string, Kept>()
    const homes = (await this.#probe.list(`${this.#root}/home`).catch(() => undefined))?.names.toSorted().slice(0, maxHomes) ?? []
    for (const place of [...places, ...homes.flatMap((name) => placesOf(join('/home', name)))]) {
      for (const path of await this.#filesOf(place.path)) {
        const kept = await this.#read(path, place)
        if (kept) found.set(path, kept)
      }
    }
    for (const path of this.#seen.keys()) if (!found.has(path)) this.#seen.delete(path)
    return found
  }

  /** The file itself, or what lies in the folder. */
  async #filesOf(path: string): Promise<string[]> {
    const listed = await this.#probe.list(this.#root + path).catch(() => undefined)
    return listed
      ? listed.names
          .toSorted()
          .slice(0, maxFilesInFolder)
          .map((name) => join(path, name))
      : [path]
  }

  async #read(path: string, place: Place): Promise<Kept | undefined> {
    const full = this.#root + path
    const look = await this.#probe.look(full).catch(() => undefined)
    if (!look) return undefined
    const signature = `${look.identity} ${look.changedAt} ${look.sizeBytes}`
    const seen = this.#seen.get(path)
    if (seen?.signature === signature) return seen.kept
    const bytes = await this.#probe.read(full, maxBytes).catch(() => undefined)
    if (!bytes) return seen?.kept
    const kept = { place, sha256: createHash('sha256').update(bytes).digest('hex'), text: bytes.toString('utf8') }
    this.#seen.set(path, { signature, kept })
    return kept
  }
}
