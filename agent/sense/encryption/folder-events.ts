import { join } from 'node:path'
import { isBelow } from '#shared/domain/far-folders.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import { type Cancel, minutes, type Time } from '#shared/domain/time.ts'
import type { FileEvent } from '../../host/file-events.ts'
import type { FolderLook, Probe, Stop } from '../../host/probe.ts'
import { foldersIn } from '../canary/grounds.ts'
import { farFoldersNow } from '../canary/reach.ts'
import { isDocument, isRansomNote, originalOf } from './names.ts'

/*
 * What becomes of people's documents where no fatrace tells: the kernel names the file (inotify), and nobody who. Enters: homes and shares.
 * Leaves: events as fatrace would tell them, without a process, each with the home or share it is in. Promises: nothing is done while
 * nothing changes, but that who came since, and what was mounted, is looked for every five minutes; so many folders are watched and no more,
 * those nearest to the top first. On failure: a folder that can't be watched is left out. Threat: names are the attacker's choice; they are
 * compared, and what they name is opened as everything here is.
 */
export interface FolderEventsParts {
  probe: Pick<Probe, 'watchFolder' | 'look' | 'list' | 'vitals'>
  time: Time
  /** Homes and shares, as they are now. */
  grounds(): Promise<readonly string[]>
  onEvent(event: FileEvent, ground: string): void
  failed(reason: string): void
}

interface Folder {
  ground: string
  /** Below its home or share. */
  depth: number
  /** Without its names. */
  look: FolderLook
  /** Names of the folders in it. */
  folders: readonly string[]
}

interface Watched extends Folder {
  end: Stop
  /** Monotonic ms. */
  since: number
}

/** Each takes some of the kernel's memory and of ours. */
const maxFolders = 300
const maxDepth = 6
/** A file is written in many pieces. */
const settlesMs = 200
const maxPending = 5_000
const looksAroundEveryMs = minutes(5)

const isMeant = (path: string): boolean => isDocument(path) || isRansomNote(path) || originalOf(path) !== undefined

export class FolderEvents {
  readonly #parts: FolderEventsParts
  readonly #watched = new Map<string, Watched>()
  readonly #pending = new Map<string, { ground: string; depth: number; at: number }>()
  #grounds: readonly string[] = []
  #next: Cancel | undefined
  #nextLook: Cancel = () => undefined
  #isOver = false

  constructor(parts: FolderEventsParts) {
    this.#parts = parts
  }

  /** Answers how many folders it watches. */
  async start(): Promise<number> {
    await this.#lookAround()
    this.#plan()
    return this.#watched.size
  }

  /** Homes and shares, as they were seen last. */
  get grounds(): readonly string[] {
    return this.#grounds
  }

  stop(): void {
    this.#isOver = true
    this.#next?.()
    this.#nextLook()
    for (const { end } of this.#watched.values()) end()
    this.#watched.clear()
  }

  #plan(): void {
    if (this.#isOver) return
    this.#nextLook = this.#parts.time.after(looksAroundEveryMs, () => {
      this.#lookAround()
        .catch((error: unknown) => this.#parts.failed(sentenceOf(error)))
        .then(() => this.#plan())
    })
  }

  /** What is gone, or further from the top than what came, makes room first. */
  async #lookAround(): Promise<void> {
    const began = this.#parts.time.monotonic()
    this.#grounds = await this.#parts.grounds()
    const nearest = await this.#nearest()
    for (const [path, { since }] of this.#watched) if (!nearest.has(path) && since < began) this.#leave(path)
    for (const [path, folder] of nearest) await this.#watch(path, folder)
  }

  async #nearest(): Promise<Map<string, Folder>> {
    // Where another machine's disk hangs below, it is that machine's to guard, and may never answer.
    const far = await farFoldersNow(this.#parts.probe)
    const found = new Map<string, Folder>()
    let level = this.#grounds.map((ground) => ({ ground, path: ground }))
    for (let depth = 0; depth <= maxDepth && level.length > 0; depth += 1) {
      const below: typeof level = []
      for (const { ground, path } of level) {
        if (found.size >= maxFolders) return found
        if (found.has(path) || far.some((folder) => isBelow(path, folder))) continue
        const folder = await this.#meet(path, ground, depth)
        if (folder) found.set(path, folder)
        for (const name of folder?.folders ?? []) below.push({ ground, path: join(path, name) })
      }
      level = below.slice(0, maxFolders)
    }
    return found
  }

  /** What was known of it, where nothing came or went in it since. */
  async #meet(path: string, ground: string, depth: number): Promise<Folder | undefined> {
    const known = this.#watched.get(path)
    const look = await this.#parts.probe.list(path, known?.look).catch(() => undefined)
    if (!look || look === known?.look) return look && known
    return { ground, depth, look: { ...look, names: [] }, folders: (await foldersIn(path)) ?? [] }
  }

  async #watch(path: string, folder: Folder): Promise<void> {
    const known = this.#watched.get(path)
    if (folder === known) return
    // Another folder of this name stands there by now, or a disk that was mounted.
    if (known && known.look.identity !== folder.look.identity) this.#leave(path)
    const end = this.#watched.get(path)?.end ?? (await this.#follow(path, folder))
    if (end) this.#watched.set(path, { ...folder, end, since: this.#parts.time.monotonic() })
  }

  async #follow(path: string, { ground, depth }: Folder): Promise<Stop | undefined> {
    if (this.#isOver || this.#watched.size >= maxFolders) return undefined
    const onChange = (name: string | undefined): void => {
      if (name !== undefined) this.#changed(join(path, name), ground, depth)
    }
    const end = await this.#parts.probe.watchFolder(path, onChange).catch(() => undefined)
    if (!this.#isOver) return end
    end?.()
    return undefined
  }

  #leave(path: string): void {
    this.#watched.get(path)?.end()
    this.#watched.delete(path)
  }

  #changed(path: string, ground: string, depth: number): void {
    if (this.#isOver || this.#pending.size >= maxPending || this.#pending.has(path)) return
    this.#pending.set(path, { ground, depth, at: this.#parts.time.now() })
    this.#next ??= this.#parts.time.after(settlesMs, () => void this.#settle().catch(() => undefined))
  }

  async #settle(): Promise<void> {
    this.#next = undefined
    const settled = [...this.#pending]
    this.#pending.clear()
    for (const [path, { ground, depth, at }] of settled) {
      if (isMeant(path)) await this.#tell(path, ground, at)
      else if (this.#watched.has(path) || (this.#watched.size < maxFolders && depth < maxDepth))
        await this.#watchNew(path, ground, depth + 1)
    }
  }

  /** What is gone was read before, if it was encrypted: it counts only beside something that nobody can read. */
  async #tell(path: string, ground: string, at: number): Promise<void> {
    const { probe, onEvent } = this.#parts
    const event = { at, pid: 0, name: '', path }
    if (await probe.look(path).catch(() => undefined)) return onEvent({ ...event, what: 'written' }, ground)
    if (!isDocument(path)) return
    onEvent({ ...event, what: 'read' }, ground)
    onEvent({ ...event, what: 'deleted', path: join(path, '..') }, ground)
  }

  /** A folder may come with all that is in it. */
  async #watchNew(path: string, ground: string, depth: number): Promise<void> {
    if (path.includes('/.') || depth > maxDepth) return
    const known = this.#watched.get(path)
    const folder = await this.#meet(path, ground, depth)
    if (!folder) return this.#leave(path)
    if (folder === known) return
    await this.#watch(path, folder)
    for (const name of folder.folders) {
      if (this.#watched.size >= maxFolders) return
      await this.#watchNew(join(path, name), ground, depth + 1)
    }
  }
}
