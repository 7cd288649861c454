import { mkdirSync } from 'node:fs'
import type { Logger } from 'pino'
import { Fault } from '#shared/domain/fault.ts'
import { Lane } from '#shared/protocol/record.ts'
import { readAcknowledged, writeAcknowledged } from './folder.ts'
import { LaneLog } from './lane-log.ts'

const smallestSegmentBytes = 16_384
const largestSegmentBytes = 1_048_576
const copiedAtOnce = 200

/** The lanes of one epoch, and the bound on what they hold together (invariant 4). */
export class Lanes {
  readonly #folder: string
  readonly #maxBytes: number
  readonly #log: Logger
  readonly #lanes: Map<Lane, LaneLog>

  constructor(folder: string, maxBytes: number, log: Logger) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const segmentBytes = Math.min(largestSegmentBytes, Math.max(smallestSegmentBytes, Math.floor(maxBytes / 64)))
    const acknowledged = readAcknowledged(folder)
    this.#folder = folder
    this.#maxBytes = maxBytes
    this.#log = log
    this.#lanes = new Map(Lane.options.map((lane) => [lane, new LaneLog(folder, lane, segmentBytes, acknowledged[lane] ?? 0)]))
  }

  of(lane: Lane): LaneLog {
    const found = this.#lanes.get(lane)
    if (!found) throw new TypeError(`there is no lane ${lane}`)
    return found
  }

  /** Makes room first; a full disk makes room too, and tries again. Resolves with the first one's seq. */
  async write(lane: Lane, bodies: string[]): Promise<number> {
    const bytes = bodies.reduce((sum, body) => sum + Buffer.byteLength(body) + lineOverheadBytes, 0)
    while (this.#bytes() + bytes > this.#maxBytes) await this.#dropFor(lane)
    for (;;) {
      try {
        return await this.of(lane).write(bodies)
      } catch (error) {
        if (!isDiskFull(error)) throw error
        await this.#dropFor(lane)
      }
    }
  }

  /** Everything unacknowledged goes into `target`, numbered anew and synced. */
  async copyTo(target: Lanes): Promise<void> {
    for (const [lane, from] of this.#lanes) {
      let after = from.acknowledged
      for (;;) {
        const found = from.read(after, copiedAtOnce, largestSegmentBytes)
        if (found.length === 0) break
        await target.of(lane).write(found.map((spooled) => JSON.stringify(spooled.body)))
        after = found.at(-1)?.seq ?? after
      }
      await target.of(lane).sync()
    }
  }

  persistAcknowledged(): void {
    writeAcknowledged(this.#folder, Object.fromEntries([...this.#lanes].map(([lane, log]) => [lane, log.acknowledged])))
  }

  async close(): Promise<void> {
    for (const lane of this.#lanes.values()) await lane.close()
  }

  #bytes(): number {
    return [...this.#lanes.values()].reduce((sum, lane) => sum + lane.bytes, 0)
  }

  /** The least important lane first, and no lane more important than the one that needs the room. */
  async #dropFor(lane: Lane): Promise<void> {
    for (const victim of Lane.options.slice(Lane.options.indexOf(lane)).reverse()) {
      const { bytes, lost } = await this.of(victim).dropOldest()
      if (lost > 0) this.#log.warn({ lane: victim, lost }, 'the spool is full: the oldest records of this lane were dropped')
      if (bytes > 0) return
    }
    throw new Fault('spool-full', `the spool is full with records more important than ${lane}`)
  }
}

/** Version, checksum, seq and line end around a body. */
const lineOverheadBytes = 32

function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}
