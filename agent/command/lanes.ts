/*
 * How much runs at once. What is urgent doesn't ask here: it passes whatever waits. Of anything else two of a verb run at
 * a time, so that a thousand scripts neither stop the machine nor keep diagnostics waiting; the rest waits its turn.
 */

/** Ends what was begun, so that the next may begin. */
export type Leave = () => void
export type Place =
  | { kind: 'free'; leave: Leave }
  /** Undefined: this agent stops, and it never has its turn here. */
  | { kind: 'waits'; turn: Promise<Leave | undefined> }
  | { kind: 'full' }

const maxRunning = 2
/** The collector sends a few at a time; whoever sends more wants our memory. */
const maxWaiting = 64

interface Lane {
  running: number
  waiting: ((leave: Leave | undefined) => void)[]
}

export class Lanes {
  readonly #lanes = new Map<string, Lane>()
  #isClosed = false

  enter(verb: string): Place {
    const lane = this.#lanes.get(verb) ?? { running: 0, waiting: [] }
    this.#lanes.set(verb, lane)
    if (lane.running < maxRunning) {
      lane.running += 1
      return { kind: 'free', leave: () => this.#leave(lane) }
    }
    if (lane.waiting.length >= maxWaiting) return { kind: 'full' }
    const { promise: turn, resolve } = Promise.withResolvers<Leave | undefined>()
    if (this.#isClosed) resolve(undefined)
    else lane.waiting.push(resolve)
    return { kind: 'waits', turn }
  }

  /** Whoever waits is told that their turn never comes; what runs goes on. */
  close(): void {
    this.#isClosed = true
    for (const lane of this.#lanes.values()) for (const tell of lane.waiting.splice(0)) tell(undefined)
  }

  #leave(lane: Lane): void {
    const next = lane.waiting.shift()
    if (next) next(() => this.#leave(lane))
    else lane.running -= 1
  }
}
