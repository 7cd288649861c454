import { maxRecordsPerFrame } from '#shared/protocol/limits.ts'
import type { AgentMessage } from '#shared/protocol/messages.ts'
import { Lane } from '#shared/protocol/record.ts'
import type { Spool } from '../spool/spool.ts'

/** Far below what the collector takes, so that a fresh security record never waits behind a megabyte. */
const maxFrameBytes = 262_144

type Frame = Extract<AgentMessage, { kind: 'records' | 'skipped' }>

/**
 * What goes out next on one connection. Security first, whenever there is any (invariant 9): the other lanes leave a
 * tenth of the credit to it. A seq that the spool no longer has goes out as `skipped`, so no gap stops a lane; only a
 * collector that doesn't take that word has to live without what lies behind the gap.
 */
export class Outgoing {
  readonly #spool: Spool
  readonly #sent = new Map<Lane, number>()
  readonly #done = new Map<Lane, number>()
  readonly #takesSkipped: boolean
  #credit: number

  /** `cursors`: what the collector has committed of this epoch. */
  constructor(spool: Spool, cursors: Partial<Record<Lane, number>>, credit: number, takesSkipped: boolean) {
    this.#spool = spool
    this.#takesSkipped = takesSkipped
    this.#credit = credit
    for (const lane of Lane.options) {
      this.#sent.set(lane, cursors[lane] ?? 0)
      this.#done.set(lane, cursors[lane] ?? 0)
      spool.acknowledge(lane, cursors[lane] ?? 0)
    }
  }

  /** False when it acknowledges what was never sent. */
  acknowledged(lane: Lane, seq: number, credit: number): boolean {
    if (seq > this.#sentOf(lane)) return false
    this.#credit = credit
    this.#done.set(lane, Math.max(this.#doneOf(lane), seq))
    this.#spool.acknowledge(lane, seq)
    return true
  }

  /** The next frame, counted as sent; undefined when there is nothing, or no credit for it. */
  next(): Frame | undefined {
    for (const lane of Lane.options) {
      const room = this.#roomFor(lane)
      const frame = room > 0 && this.#sentOf(lane) < this.#spool.sendable(lane) ? this.#take(lane, room) : undefined
      if (frame) return frame
    }
    return undefined
  }

  #take(lane: Lane, room: number): Frame | undefined {
    const next = this.#sentOf(lane) + 1
    const found = this.#spool.read(lane, next - 1, Math.min(room, maxRecordsPerFrame), maxFrameBytes)
    const first = found[0]?.seq ?? this.#spool.sendable(lane) + 1
    if (first > next) return this.#takesSkipped ? this.#skip(lane, next, first - 1) : undefined
    const records = found.filter((record, index) => record.seq === first + index)
    this.#note(lane, first + records.length - 1)
    return { kind: 'records', epoch: this.#spool.epoch, lane, records }
  }

  #skip(lane: Lane, from: number, to: number): Frame {
    this.#note(lane, to)
    return { kind: 'skipped', epoch: this.#spool.epoch, lane, from, to, why: this.#whyGone(lane, from) }
  }

  /** A collector that was set back to a backup asks again for what it had acknowledged. */
  #whyGone(lane: Lane, from: number): string {
    if (from <= this.#spool.acknowledged(lane)) return 'the collector had acknowledged these records, so they are kept no longer'
    if (from < this.#spool.firstKept(lane)) return 'the spool was full and gave up its oldest records'
    return 'these records were damaged on disk'
  }

  #note(lane: Lane, seq: number): void {
    this.#sent.set(lane, seq)
    this.#spool.noteSent(lane, seq)
  }

  #roomFor(lane: Lane): number {
    const inFlight = Lane.options.reduce((sum, each) => sum + this.#sentOf(each) - this.#doneOf(each), 0)
    const kept = lane === 'security' || this.#credit < 10 ? 0 : Math.ceil(this.#credit / 10)
    return this.#credit - kept - inFlight
  }

  #sentOf = (lane: Lane): number => this.#sent.get(lane) ?? 0
  #doneOf = (lane: Lane): number => this.#done.get(lane) ?? 0
}
