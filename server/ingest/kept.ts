/** Rows that may come above what is kept of an endpoint before it is trimmed: trimming reads all that is kept. */
const trimEvery = 100

/**
 * Of which endpoints so many rows have come that what is kept of them must be trimmed. An agent gone bad brings rows in every
 * commit, and everybody waits for that: trimmed each time, a commit with a row of each of 24 such agents cost 6 ms of a core
 * instead of 3.7. Counted from the start of the process on, at which each is trimmed with its first row.
 */
export class Kept {
  readonly #added = new Map<string, number>()

  /** Counts these rows. @returns the endpoints to trim now. */
  crowdedBy(rows: readonly { endpoint_id: string }[]): string[] {
    const seen = new Set<string>()
    for (const { endpoint_id } of rows) {
      seen.add(endpoint_id)
      this.#added.set(endpoint_id, (this.#added.get(endpoint_id) ?? trimEvery) + 1)
    }
    const crowded = [...seen].filter((endpointId) => (this.#added.get(endpointId) ?? 0) >= trimEvery)
    for (const endpointId of crowded) this.#added.set(endpointId, 0)
    return crowded
  }
}
