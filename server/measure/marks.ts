import type { RollupsDueTable } from '../store/tables/measure.ts'
import { keyOf } from './slots.ts'

/** Some 200 bytes each. Two of every machine of a fleet of 10,000 fit; where there are more, they are written once more. */
const maxRemembered = 50_000

/**
 * Which marks are committed and not ended yet, so that nobody writes them again with every further frame of the same five
 * minutes: keeping a frame of samples costs 0.09 ms of a core instead of 0.1.
 */
export class Marks {
  /** By slot: when its latest mark is due. */
  readonly #standing = new Map<string, number>()
  #written: ReadonlyMap<string, RollupsDueTable> = new Map()

  /** @param marks by their slots. @returns those to write. The transaction that writes them is the only one until it is committed or has failed. */
  missing(marks: ReadonlyMap<string, RollupsDueTable>): RollupsDueTable[] {
    this.#written = new Map([...marks].filter(([key, { due_at }]) => this.#standing.get(key) !== due_at))
    return [...this.#written.values()]
  }

  committed(): void {
    if (this.#standing.size > maxRemembered) this.#standing.clear()
    for (const [key, { due_at }] of this.#written) this.#standing.set(key, due_at)
    this.#written = new Map()
  }

  /** They are about to end: what comes from now on needs new ones, whatever the clock says. */
  end(marks: readonly RollupsDueTable[]): void {
    for (const mark of marks) this.#standing.delete(keyOf(mark))
  }
}
