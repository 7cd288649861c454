import { join } from 'node:path'
import { isBelow } from '#shared/domain/far-folders.ts'
import type { Cancel, Time } from '#shared/domain/time.ts'
import type { FileEvent } from '../../host/file-events.ts'
import type { Probe, Stop } from '../../host/probe.ts'
import { foldersIn } from '../canary/grounds.ts'
import { farFoldersNow } from '../canary/reach.ts'
import { isDocument, isRansomNote, originalOf } from './names.ts'

/*
 * What becomes of people's documents where no fatrace tells: the kernel names the file (inotify), and nobody who. Enters: homes and shares.
 * Leaves: events as fatrace would tell them, without a process, each with the home or share it is in. Promises: nothing is done while
 * nothing changes; so many folders are watched and no more, those nearest to the top first. On failure: a folder that can't be watched is
 * left out. Threat: names are the attacker's choice; they are compared, and what they name is opened as everything here is.
 */
export interface FolderEventsParts {
  probe: Pick<Probe, 'watchFolder' | 'look' | 'list' | 'vitals'>
  time: Time
  grounds: readonly string[]
  onEvent(event: FileEvent, ground: string): void
}

/** Each takes some of the kernel's memory and of ours. */
const maxFolders = 300
const maxDepth = 6
/** A file is written in many pieces. */
const settlesMs = 200
const maxPending = 5_000

const isMeant = (path: string): boolean => isDocument(path) || isRansomNote(path) || originalOf(path) !== undefined

export class FolderEvents {
  readonly #parts: FolderEventsParts
  readonly #watched = new Map<string, Stop>()
  readonly #pending = new Map<string, { ground: string; depth: number; at: number }>()
  #next: Cancel | undefined
  #isOver = false

  constructor(parts: FolderEventsParts) {
    this.#parts = parts
  }

  /** Answers how many folders it watches. */
  async start(): Promise<number> {
    // Where another machine's disk hangs below, it is that machine's to guard, and may never answer.
    const far = await farFoldersNow(this.#parts.probe)
    let level = this.#parts.grounds.map((ground) => ({ ground, path: ground }))
    for (let depth = 0; depth <= maxDepth && level.length > 0 && this.#watched.size < maxFolders; depth += 1) {
      const below: typeof level = []
      for (const { ground, path } of level.filter((each) => !far.some((folder) => isBelow(each.path, folder)))) {
        await this.#watch(path, ground, depth)
        for (const name of (await foldersIn(path)) ?? []) below.push({ ground, path: join(path, name) })
      }
      level = below.slice(0, maxFolders)
    }
    return this.#watched.size
  }

  stop(): void {
    this.#isOver = true
    this.#next?.()
    for (const stop of this.#watched.values()) stop()
    this.#watched.clear()
  }

  async #watch(path: string, ground: string, depth: number): Promise<void> {
    if (this.#isOver || this.#watched.size >= maxFolders || this.#watched.has(path)) return
    const onChange = (name: string | undefined): void => {
      if (name !== undefined) this.#changed(join(path, name), ground, depth)
    }
    const stop = await this.#parts.probe.watchFolder(path, onChange).catch(() => undefined)
    if (stop) this.#watched.set(path, stop)
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
      else if (this.#watched.size < maxFolders && depth < maxDepth) await this.#watchNew(path, ground, depth + 1)
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

  async #watchNew(path: string, ground: string, depth: number): Promise<void> {
    if (path.includes('/.') || (await this.#parts.probe.list(path).catch(() => undefined)) === undefined) return
    await this.#watch(path, ground, depth)
  }
}
