import { minutes } from '#shared/domain/time.ts'
import type { Batch } from './batch.ts'

/** Every record that is refused is kept; saying it of one endpoint again and again would only bury its ticket. */
const againAfterMs = minutes(1)

/** Whose refused records were told a moment ago, as far as that is committed. */
export class Told {
  readonly #at = new Map<string, number>()

  has(endpointId: string, now: number): boolean {
    const at = this.#at.get(endpointId)
    return at !== undefined && Math.abs(now - at) < againAfterMs
  }

  committed({ told, receivedAt }: Batch): void {
    for (const endpointId of told) {
      this.#at.delete(endpointId)
      this.#at.set(endpointId, receivedAt)
    }
    for (const endpointId of this.#at.keys()) {
      if (this.has(endpointId, receivedAt)) break
      this.#at.delete(endpointId)
    }
  }
}
