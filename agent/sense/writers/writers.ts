import { seconds, type Time } from '#shared/domain/time.ts'
import { RecentMap } from './recent-map.ts'
import type { Tree } from './trees.ts'

/** A change through mapped memory has no writer that anybody heard of; whoever wrote there long before didn't make it. */
const blamedForMs = seconds(10)

interface Writer {
  pid: number
  tree: Tree | undefined
  at: number
}

/** Who wrote which file last, for whoever finds one changed. Bounded: a machine writes more files than anybody asks about. */
export class Writers {
  readonly #last = new RecentMap<string, Writer>(2_500)
  readonly #time: Time
  readonly #waiting = new Map<string, () => void>()
  readonly #listeners = new Set<(path: string, image: string) => void>()
  #isFed = false
  #isTrusted = (): boolean => true

  constructor(time: Time) {
    this.#time = time
  }

  /** Whether anybody tells it of writes. */
  setFed(isFed: boolean): void {
    this.#isFed = isFed
  }

  isFed(): boolean {
    return this.#isFed
  }

  /** Whoever feeds it says when its word is enough to halt somebody. */
  trustWhile(isTrusted: () => boolean): void {
    this.#isTrusted = isTrusted
  }

  areTrusted(): boolean {
    return this.#isTrusted()
  }

  note(path: string, pid: number, tree: Tree | undefined): void {
    const at = this.#time.monotonic()
    const writer = this.#last.touch(path, () => ({ pid, tree, at }))
    Object.assign(writer, { pid, tree, at })
    this.#waiting.get(path)?.()
    for (const listener of this.#listeners) listener(path, tree?.top.exe ?? '')
  }

  /** Hears of every file that was written. Answers its end. */
  listen(listener: (path: string, image: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** The last writer of any of these; waits a moment for the kernel's word, which may come after the file's. */
  async of(paths: readonly string[], waitMs = 15): Promise<Tree | undefined> {
    if (!this.#isFed) return undefined
    return this.#known(paths) ?? (await this.#heardWithin(paths, waitMs))
  }

  #known(paths: readonly string[]): Tree | undefined {
    const since = this.#time.monotonic() - blamedForMs
    const recent = paths.map((path) => this.#last.get(path)).filter((last) => last !== undefined && last.at >= since)
    return recent.find((last) => last?.tree !== undefined)?.tree
  }

  #heardWithin(paths: readonly string[], waitMs: number): Promise<Tree | undefined> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel()
        for (const path of paths) this.#waiting.delete(path)
        resolve(this.#known(paths))
      }
      const cancel = this.#time.after(waitMs, end)
      for (const path of paths) this.#waiting.set(path, end)
    })
  }
}
