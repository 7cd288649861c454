import type { Lane } from '#shared/protocol/record.ts'

interface Sent {
  /** Its last seq. */
  to: number
  records: number
  bytes: number
}

/** Frames of one connection that are sent and not acknowledged. */
export class InFlight {
  readonly #frames = new Map<Lane, Sent[]>()

  add(lane: Lane, frame: Sent): void {
    const frames = this.#frames.get(lane)
    if (frames) frames.push(frame)
    else this.#frames.set(lane, [frame])
  }

  /** An acknowledgement in the middle of a frame leaves the frame in flight: the rest of it is to come. */
  settle(lane: Lane, seq: number): void {
    const frames = this.#frames.get(lane) ?? []
    while (frames[0] && frames[0].to <= seq) frames.shift()
  }

  has(lane: Lane): boolean {
    return (this.#frames.get(lane)?.length ?? 0) > 0
  }

  /** Records of one lane, or of all. */
  records(lane?: Lane): number {
    return this.#of(lane).reduce((sum, { records }) => sum + records, 0)
  }

  bytes(lane: Lane): number {
    return this.#of(lane).reduce((sum, { bytes }) => sum + bytes, 0)
  }

  #of(lane?: Lane): Sent[] {
    return lane === undefined ? [...this.#frames.values()].flat() : (this.#frames.get(lane) ?? [])
  }
}
