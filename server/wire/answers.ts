import type { Cancel, Time } from '#shared/domain/time.ts'
import { CloseCode } from '#shared/protocol/close-codes.ts'
import type { CollectorMessage } from '#shared/protocol/messages.ts'
import type { Lane } from '#shared/protocol/record.ts'
import type { Taken } from '../ingest/batch.ts'
import type { Backpressure } from './backpressure.ts'

type Ack = Omit<Extract<CollectorMessage, { kind: 'ack' }>, 'kind' | 'credit' | 'now'>

/** Whose answers they are. */
interface Speaker {
  send(message: CollectorMessage): boolean
  end(code: CloseCode, reason: string): void
  /** Something of ours failed. */
  fail(sentence: string, error: unknown): void
}

/** Invariant 1: what of one agent is on its way to the disk, and its acknowledgement after the commit, and only then. */
export class Answers {
  readonly #speaker: Speaker
  readonly #time: Time
  readonly #backpressure: Backpressure
  #underWay = 0
  #whenNone: (() => void) | undefined
  /** Of the commit that is being answered, the last one of each lane: it stands for those before it. */
  #due: Map<Lane, Ack> | undefined
  /** Those that wait for the pipeline. */
  #held: Map<Lane, Ack> | undefined
  #cancelHold: Cancel | undefined

  constructor(speaker: Speaker, time: Time, backpressure: Backpressure) {
    this.#speaker = speaker
    this.#time = time
    this.#backpressure = backpressure
  }

  async add(
    { epoch, lane }: { epoch: string; lane: Lane },
    commit: Promise<Taken>,
    settled?: (taken: Taken | undefined) => void,
  ): Promise<void> {
    this.#underWay += 1
    let taken: Taken | undefined
    try {
      taken = await commit
      this.#answer(epoch, lane, taken)
    } catch (error) {
      this.#speaker.fail('records could not be stored', error)
    } finally {
      settled?.(taken)
      this.#underWay -= 1
      if (this.#underWay === 0) this.#whenNone?.()
    }
  }

  /** When all that came is answered; nothing more may be added. */
  async finish(): Promise<void> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#whenNone = resolve))
    this.release()
  }

  /** Says what waits to be said; to a socket that is gone, nothing. */
  release(): void {
    this.#cancelHold?.()
    this.#cancelHold = undefined
    this.#sayDue()
    const held = this.#held
    this.#held = undefined
    for (const ack of held?.values() ?? []) this.#acknowledge(ack)
  }

  #answer(epoch: string, lane: Lane, taken: Taken): void {
    for (const { seq, reason } of taken.refused) this.#speaker.send({ kind: 'refused', epoch, lane, seq, reason })
    if (taken.kind === 'gap') this.#endAt(lane, taken.seq)
    else this.#acknowledgeInTime({ epoch, lane, seq: taken.seq })
  }

  #endAt(lane: Lane, seq: number): void {
    this.#sayDue()
    this.#speaker.end(CloseCode.Gap, `${lane}: record ${seq + 1} is missing`)
  }

  /** Security doesn't wait. */
  #acknowledgeInTime(ack: Ack): void {
    const holdMs = ack.lane === 'security' ? 0 : this.#backpressure.holdMs()
    if (holdMs === 0) this.#acknowledgeOnce(ack)
    else this.#hold(ack, holdMs)
  }

  /** A commit answers all frames of an agent in a row; the acknowledgement of the last is enough. */
  #acknowledgeOnce(ack: Ack): void {
    this.#held?.delete(ack.lane)
    if (!this.#due) process.nextTick(() => this.#sayDue())
    this.#due ??= new Map()
    this.#due.set(ack.lane, ack)
  }

  #sayDue(): void {
    const due = this.#due
    this.#due = undefined
    for (const ack of due?.values() ?? []) this.#acknowledge(ack)
  }

  #hold(ack: Ack, holdMs: number): void {
    this.#held ??= new Map()
    this.#held.set(ack.lane, ack)
    this.#cancelHold ??= this.#time.after(holdMs, () => this.release())
  }

  #acknowledge(ack: Ack): void {
    this.#speaker.send({ kind: 'ack', ...ack, credit: this.#backpressure.credit(), now: this.#time.now() })
  }
}
