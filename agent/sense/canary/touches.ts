import { z } from 'zod'
import { minutes } from '#shared/domain/time.ts'

/** `packed`: gone, and beside it lies an archive that opens without a password and holds it. */
export const Change = z.enum(['packed', 'deleted', 'edited', 'unreadable'])
export type Change = z.infer<typeof Change>

/** What is known about one touched thing: a decoy, or a folder that went away with all its decoys. */
export const Touch = z.object({
  key: z.string(),
  change: Change,
  /** Epoch ms, as the file system says it. */
  touchedAt: z.number(),
  /** How bad the worst is that was said about it; 0 when nothing was said. */
  saidRank: z.number().int().min(0),
})
export type Touch = z.infer<typeof Touch>

export interface Verdict {
  change: Change
  severity: 'medium' | 'critical'
  /** Decoys touched within a minute of this one, itself included; what anybody can unpack isn't among them. */
  touched: string[]
  touchedAt: number
  rank: number
}

/** Rows 1 and 2 of the matrix look this far around one touch for others. */
export const togetherMs = minutes(1)

/**
 * Remembers what was touched and says what is worth saying: each touch once, and again only when it got worse. From mild
 * to worst: one is packed or gone; one was edited; several were touched within a minute; one can't be read any more.
 */
export class Touches {
  readonly #touches: Map<string, Touch>

  constructor(touches: Touch[] = []) {
    this.#touches = new Map(touches.map((touch) => [touch.key, { ...touch }]))
  }

  /** Notes it, so that it counts for others, and answers what it is worth. */
  note(key: string, change: Change, touchedAt: number): Verdict {
    const touch = this.#touches.get(key) ?? { key, change, touchedAt, saidRank: 0 }
    // What is still gone was not touched again.
    const isSameDeletion = this.#touches.has(key) && change === 'deleted' && touch.change === 'deleted'
    Object.assign(touch, { change, touchedAt: isSameDeletion ? touch.touchedAt : touchedAt })
    this.#touches.set(key, touch)
    const touched = this.#around(touch.touchedAt)
    const severity = change === 'packed' || (change === 'deleted' && touched.length < 2) ? 'medium' : 'critical'
    return { change, severity, touched, touchedAt: touch.touchedAt, rank: rankOf(change, touched.length) }
  }

  isWorthSaying(key: string, verdict: Verdict): boolean {
    return verdict.rank > (this.#touches.get(key)?.saidRank ?? 0)
  }

  said(key: string, verdict: Verdict): void {
    const touch = this.#touches.get(key)
    if (touch) touch.saidRank = Math.max(touch.saidRank, verdict.rank)
  }

  /** It is as it was. */
  forget(key: string): boolean {
    return this.#touches.delete(key)
  }

  forgetAll(): void {
    this.#touches.clear()
  }

  all(): Touch[] {
    return [...this.#touches.values()]
  }

  #around(at: number): string[] {
    return this.all()
      .filter(({ change, touchedAt }) => change !== 'packed' && Math.abs(touchedAt - at) <= togetherMs)
      .map((touch) => touch.key)
  }
}

function rankOf(change: Change, touchedCount: number): number {
  if (change === 'packed') return 1
  if (change === 'unreadable') return 4
  if (touchedCount >= 2) return 3
  return change === 'edited' ? 2 : 1
}
