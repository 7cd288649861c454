import type { Time } from '#shared/domain/time.ts'
import { encode } from '#shared/protocol/envelope.ts'
import { maxRecordsPerFrame } from '#shared/protocol/limits.ts'
import type { AgentMessage } from '#shared/protocol/messages.ts'
import { Lane } from '#shared/protocol/record.ts'
import type { Spool, Spooled } from '../spool/spool.ts'
import { InFlight } from './in-flight.ts'

/** Far below what the collector takes. */
const maxFrameBytes = 262_144
/** A fresh security record waits behind one such frame at most. */
const maxBulkFrameBytes = 65_536
/** On a slow line it waits behind all that is on its way, too. */
const maxBulkBytesInFlight = 262_144

type Frame = Extract<AgentMessage, { kind: 'records' | 'skipped' }>

/** What may be large and old: it waits until the collector has all that is urgent. */
const isBulk = (lane: Lane): boolean => lane === 'inventory' || lane === 'samples'

/**
 * What goes out next on one connection. Security first (invariant 9), in four ways: its lane is asked first; inventory and
 * samples wait until the collector has acknowledged all of it; the other lanes leave a tenth of the credit to it; and one
 * frame of it may go out beyond any credit. A seq that the spool no longer has goes out as `skipped`, so no gap stops a
 * lane; only a collector that doesn't take that word has to live without what lies behind the gap.
 */
export class Outgoing {
  readonly #spool: Spool
  readonly #sent: Map<Lane, number>
  readonly #inFlight = new InFlight()
  readonly #takesSkipped: boolean
  readonly #time: Pick<Time, 'now'>
  #credit: number

  /** `cursors`: what the collector has committed of this epoch. */
  constructor(spool: Spool, cursors: Partial<Record<Lane, number>>, credit: number, takesSkipped: boolean, time: Pick<Time, 'now'>) {
    this.#spool = spool
    this.#time = time
    this.#takesSkipped = takesSkipped
    this.#credit = credit
    this.#sent = new Map(Lane.options.map((lane) => [lane, cursors[lane] ?? 0]))
  }

  /** False when it acknowledges what was never sent. */
  acknowledged(lane: Lane, seq: number, credit: number): boolean {
    if (seq > this.#sentOf(lane)) return false
    this.#credit = credit
    this.#inFlight.settle(lane, seq)
    this.#spool.acknowledge(lane, seq)
    return true
  }

  /** The next frame as text, counted as sent; undefined when there is nothing, or no credit for it. `noBulk`: nothing that can wait. */
  next(noBulk = false): string | undefined {
    const isSecurityDone = !this.#inFlight.has('security') && this.#sentOf('security') >= this.#spool.sendable('security')
    for (const lane of Lane.options) {
      if (isBulk(lane) && (noBulk || !isSecurityDone)) continue
      const room = this.#roomFor(lane)
      const frame = room > 0 && this.#sentOf(lane) < this.#spool.sendable(lane) ? this.#take(lane, room) : undefined
      if (frame) return this.#note(frame)
    }
    return undefined
  }

  #take(lane: Lane, room: number): Frame | undefined {
    const next = this.#sentOf(lane) + 1
    const maxBytes = isBulk(lane) ? maxBulkFrameBytes : maxFrameBytes
    const found = this.#spool.read(lane, next - 1, Math.min(room, maxRecordsPerFrame), maxBytes)
    const first = found[0] ? beginOf(found[0]) : this.#spool.sendable(lane) + 1
    if (first > next) return this.#gap(lane, next, first - 1)
    if (found[0]?.lost) return this.#skip(lane, next, found[0].seq, 'these signals were lost: the disk or the spool was full, or damaged')
    const records = found.filter(({ seq, lost }, index) => !lost && seq === first + index)
    return { kind: 'records', epoch: this.#spool.epoch, lane, now: this.#time.now(), records }
  }

  /** Why what lies there is gone; where one reason ends, so does the frame. */
  #gap(lane: Lane, from: number, to: number): Frame | undefined {
    const [forgettable, kept] = [this.#spool.everAcknowledged(lane), this.#spool.firstKept(lane)]
    if (from <= forgettable)
      return this.#skip(lane, from, Math.min(to, forgettable), 'the collector had acknowledged these, and they are kept no longer')
    if (from < kept) return this.#skip(lane, from, Math.min(to, kept - 1), 'the spool was full and gave up its oldest records')
    return this.#skip(lane, from, to, 'these records were damaged on disk')
  }

  #skip(lane: Lane, from: number, to: number, why: string): Frame | undefined {
    return this.#takesSkipped ? { kind: 'skipped', epoch: this.#spool.epoch, lane, from, to, why } : undefined
  }

  #note(frame: Frame): string {
    const text = encode(frame)
    const records = frame.kind === 'records' ? frame.records.length : 0
    const to = frame.kind === 'records' ? (frame.records.at(-1)?.seq ?? 0) : frame.to
    this.#sent.set(frame.lane, to)
    this.#spool.noteSent(frame.lane, to)
    this.#inFlight.add(frame.lane, { to, records, bytes: text.length })
    return text
  }

  #roomFor(lane: Lane): number {
    const free = this.#credit - this.#inFlight.records()
    if (lane === 'security') return Math.max(free, maxRecordsPerFrame - this.#inFlight.records(lane))
    const bulkBytes = this.#inFlight.bytes('inventory') + this.#inFlight.bytes('samples')
    if (isBulk(lane) && bulkBytes >= maxBulkBytesInFlight) return 0
    return free - (this.#credit > 1 ? Math.ceil(this.#credit / 10) : 0)
  }

  #sentOf = (lane: Lane): number => this.#sent.get(lane) ?? 0
}

/** A record is one seq; what stands for lost ones is all of theirs. */
const beginOf = ({ seq, lost = 1 }: Spooled): number => seq - lost + 1
