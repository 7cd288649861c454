import { seconds } from '#shared/domain/time.ts'

/** What is remembered of one file that a tree has read, or that one of its outputs is named after. */
interface Candidate {
  /** Monotonic ms. */
  at: number
  /** Epoch ms; what changed later than this changed after it was read. */
  readAt: number
}

export interface Tally {
  /** Files turned unreadable, originals gone, within the window. */
  turned: string[]
  noteFolders: string[]
}

/** Row 4 of the matrix. */
export const windowMs = seconds(30)
export const manyTurned = 10
export const someTurned = 3
export const noteFoldersNeeded = 3
/** Bounds of memory; whoever writes more is found by what came last. */
const maxCandidates = 5_000
const fewCandidates = 200
const maxTurned = 5_000
const maxNoteFolders = 100

/** What one process tree, or a folder whose writers are unknown, did to files in the last 30 seconds. Pure: time is handed in, monotonic. */
export class Deeds {
  #candidates = new Map<string, Candidate>()
  #pruneAt = fewCandidates
  /** Rewritten in place, or gone while something of its name that nobody can read stands there. */
  readonly #turned = new Map<string, number>()
  /** Read and then gone; what became of it is not known by its name. */
  readonly #gone = new Map<string, number>()
  readonly #outputs = new Map<string, number>()
  readonly #noteFolders = new Map<string, number>()
  #holdsManyAt = Number.NEGATIVE_INFINITY
  lastAt = Number.NEGATIVE_INFINITY

  /** A document whose fate will be asked for. */
  met(path: string, readAt: number, now: number): void {
    this.#note(now)
    this.#candidates.delete(path)
    if (!this.#turned.has(path)) this.#candidates.set(path, { at: now, readAt })
    if (this.#candidates.size >= this.#pruneAt) this.#prune(now)
  }

  /** @param holdsMany an archive, which accounts for any number of files; else it accounts for one. */
  wroteUnreadable(path: string, holdsMany: boolean, now: number): void {
    this.#note(now)
    if (holdsMany) this.#holdsManyAt = now
    if (this.#outputs.size < maxTurned) this.#outputs.set(path, now)
  }

  turned(path: string, now: number): void {
    this.#note(now)
    this.#candidates.delete(path)
    if (this.#turned.size < maxTurned) this.#turned.set(path, now)
  }

  gone(path: string, now: number): void {
    this.#note(now)
    this.#candidates.delete(path)
    if (this.#gone.size < maxTurned) this.#gone.set(path, now)
  }

  wroteNote(folder: string, now: number): void {
    this.#note(now)
    if (this.#noteFolders.size < maxNoteFolders) this.#noteFolders.set(folder, now)
  }

  /** Documents whose fate is worth asking: only of a tree that wrote what nobody can read. Those of `folder`, or all; newest first. */
  toSettle(folder: string | undefined, now: number, most: number): { path: string; readAt: number }[] {
    if (recent(this.#outputs, now).length === 0) return []
    const found: { path: string; readAt: number }[] = []
    for (const [path, { at, readAt }] of [...this.#candidates].reverse()) {
      if (found.length >= most || now - at > windowMs) break
      if (folder === undefined || isIn(path, folder)) found.push({ path, readAt })
    }
    return found
  }

  tally(now: number): Tally {
    const gone = recent(this.#gone, now)
    const accountedFor = now - this.#holdsManyAt <= windowMs ? gone : gone.slice(0, recent(this.#outputs, now).length)
    return { turned: [...recent(this.#turned, now), ...accountedFor], noteFolders: recent(this.#noteFolders, now) }
  }

  /** What nobody will be asked for any more; of too many the older half. */
  #prune(now: number): void {
    const recent = [...this.#candidates].filter(([, { at }]) => now - at <= windowMs)
    const kept = recent.length < maxCandidates ? recent : recent.slice(-maxCandidates / 2)
    this.#candidates = new Map(kept)
    this.#pruneAt = Math.min(maxCandidates, Math.max(fewCandidates, 2 * kept.length))
  }

  #note(now: number): void {
    this.lastAt = Math.max(this.lastAt, now)
  }
}

const recent = (instants: ReadonlyMap<string, number>, now: number): string[] =>
  [...instants].filter(([, at]) => now - at <= windowMs).map(([path]) => path)

const isIn = (path: string, folder: string): boolean => path.startsWith(folder) && path.lastIndexOf('/') === folder.length

export const isAttack = ({ turned, noteFolders }: Tally): boolean =>
  turned.length >= manyTurned || (turned.length >= someTurned && noteFolders.length >= noteFoldersNeeded)
