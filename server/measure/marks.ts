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
  #written: RollupsDueTable[] = []

  /** @returns those to write. The transaction that writes them is the only one until it is committed or has failed. */
  missing(marks: readonly RollupsDueTable[]): RollupsDueTable[] {
    this.#written = marks.filter((mark) => this.#standing.get(keyOf(mark)) !== mark.due_at)
    return this.#written
  }

  committed(): void {
    if (this.#standing.size > maxRemembered) this.#standing.clear()
    for (const mark of this.#written) this.#standing.set(keyOf(mark), mark.due_at)
    this.#written = []
  }

  /** They are about to end: what comes from now on needs new ones, whatever the clock says. */
  end(marks: readonly RollupsDueTable[]): void {
    for (const mark of marks) this.#standing.delete(keyOf(mark))
  }
}
