import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { Lane } from '#shared/protocol/record.ts'

const PerLane = z.partialRecord(Lane, z.number().int().nonnegative())
export type PerLane = z.infer<typeof PerLane>

/** What a spool has to know beside its records. */
const SpoolState = z.object({
  v: z.literal(1),
  /** The endpoint whose records these are; empty before anybody wrote it down. */
  owner: z.string().max(64),
  /** As the collector said last; after it was set back to a backup, less than it had said before. */
  acknowledged: PerLane,
  everAcknowledged: PerLane,
  /** Highest seq that may have been sent when this was written. */
  sent: PerLane,
  /** A collector's cursors have fitted this log since it was opened, so all that it holds may count as sent. */
  isConfirmed: z.boolean(),
  /** Signals that are lost and not yet said to be: their seqs are reserved with the next write of their lane. */
  owed: PerLane,
  /** Signals that the disk refused and that wait in memory: lost if this process is killed now. */
  waiting: PerLane,
  /** Signals given up in this epoch and those before it. */
  lost: PerLane,
})
export type SpoolState = z.infer<typeof SpoolState>

export const noState: SpoolState = {
  v: 1,
  owner: '',
  ...{ acknowledged: {}, everAcknowledged: {}, sent: {}, isConfirmed: false, owed: {}, waiting: {}, lost: {} },
}

/** Six maps of four lanes with numbers of 16 digits fit; both slots are one block of most file systems. */
const slotBytes = 2_048
const fileName = 'state'

/**
 * The state of one epoch on disk: two slots of one file, written in turn and in place. A torn write leaves the other
 * slot, and no disk is too full for it, which is when it has most to tell.
 */
export class StateFile {
  readonly #file: string
  #generation: number
  readonly #found: SpoolState | undefined

  constructor(folder: string) {
    this.#file = join(folder, fileName)
    const newest = readSlots(this.#file)
    this.#generation = newest?.generation ?? 0
    this.#found = newest?.state
  }

  /** What stood there when this was made; undefined when there was nothing, or nothing whole. */
  get found(): SpoolState | undefined {
    return this.#found
  }

  /** @param isDurable waits until it is on the disk itself; a hint needn't. */
  write(state: SpoolState, isDurable: boolean): void {
    const descriptor = this.#open()
    try {
      this.#generation += 1
      writeSync(descriptor, slotOf(this.#generation, state), 0, slotBytes, (this.#generation % 2) * slotBytes)
      if (isDurable) fdatasyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  }

  #open(): number {
    try {
      return openSync(this.#file, 'r+')
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
      const descriptor = openSync(this.#file, 'w+', 0o600)
      writeSync(descriptor, Buffer.alloc(2 * slotBytes, ' '))
      return descriptor
    }
  }
}

/** The state of an epoch's folder, also while another process writes it. */
export const readState = (folder: string): SpoolState => readSlots(join(folder, fileName))?.state ?? noState

interface Slot {
  generation: number
  state: SpoolState
}

function slotOf(generation: number, state: SpoolState): Buffer {
  const payload = `${generation} ${JSON.stringify(state)}`
  const slot = Buffer.alloc(slotBytes, ' ')
  const length = slot.write(`${checksum(payload)} ${payload}`)
  if (length === slotBytes) throw new RangeError('the state of the spool has outgrown its slot')
  return slot
}

function readSlots(file: string): Slot | undefined {
  const bytes = readIfThere(file)
  const slots = [bytes.subarray(0, slotBytes), bytes.subarray(slotBytes, 2 * slotBytes)].flatMap((slot) => readSlot(slot) ?? [])
  return slots.sort((a, b) => b.generation - a.generation)[0]
}

function readSlot(slot: Buffer): Slot | undefined {
  const text = slot.toString().trimEnd()
  const payload = text.slice(9)
  if (text.slice(0, 8) !== checksum(payload)) return undefined
  const space = payload.indexOf(' ')
  const parsed = SpoolState.safeParse(JSON.parse(payload.slice(space + 1)))
  return parsed.success ? { generation: Number(payload.slice(0, space)), state: parsed.data } : undefined
}

function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
}

const checksum = (payload: string): string => crc32(payload).toString(16).padStart(8, '0')
