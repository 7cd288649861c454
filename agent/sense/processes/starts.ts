import { maskSecrets } from '#shared/domain/mask-secrets.ts'
import { printable } from '#shared/domain/printable.ts'
import type { ProcessStart } from './process-start.ts'

const maxKept = 500
const maxLine = 300
const maxDepth = 20

/** Every start of a program that was noticed: for whoever listens, and the last of them for whoever has to show what came before something. */
export class Starts {
  readonly #ring: ProcessStart[] = []
  readonly #listeners = new Set<(start: ProcessStart) => void>()

  add(start: ProcessStart): void {
    this.#ring.push(start)
    if (this.#ring.length > maxKept) this.#ring.shift()
    for (const listener of this.#listeners) listener(start)
  }

  /** Answers its end. */
  listen(listener: (start: ProcessStart) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Of what is still known of it. */
  get(pid: number): ProcessStart | undefined {
    return this.#ring.findLast((start) => start.pid === pid)
  }

  /** What of the last starts is like that, newest last. */
  latest(isLike: (start: ProcessStart) => boolean): ProcessStart[] {
    return this.#ring.filter(isLike)
  }

  /** Whether a process was started by `top` or by something below it, as far as the ring knows. */
  isBelow(pid: number, top: number): boolean {
    for (let next = this.get(pid), depth = 0; next && depth < maxDepth; next = this.get(next.parentPid), depth += 1)
      if (next.parentPid === top) return true
    return false
  }

  /** Newest last, one to a line, masked and printable. */
  lines(count: number): string {
    return this.#ring.slice(-count).map(lineOf).join('\n')
  }
}

export function lineOf({ at, pid, parentPid, user, image, commandLine, sha256 }: ProcessStart): string {
  const words = maskSecrets(commandLine).slice(0, maxLine)
  const hash = sha256 === undefined ? '' : ` (sha256 ${sha256})`
  return printable(`${new Date(at).toISOString()} ${user} ${parentPid} → ${pid} ${image}${hash}: ${words}`)
}
