import { measureEach, merge, namesIn, nothing, type Spread, type Spreads } from '#shared/domain/rollup.ts'
import type { SampleColumns } from '#shared/domain/sample-columns.ts'

/*
 * What the slots that still get samples come to, so that nobody reads those again when a slot is over. Enters: rows of
 * samples, once they are committed. Leaves: a slot's roll-up, and of how many rows it was made: the store holds as many,
 * or it knows of some that aren't in here, and what it holds is read. Promises: what is in here is, to the last digit,
 * what reading those rows would give; whatever can't be sure of that is let go, and read. That is the slot of a row that
 * comes no later than another, or tells of other disks; every slot of a commit in which a row was there already; at the
 * bound, the slot that is open longest; after a restart, all of them.
 */

/** A slot of a usual machine is counted as 1.6 kB, so each of 10,000 machines may have four that are open. */
const mostBytes = 67_108_864
/** Of an object and its place in a map; of each text beside its characters. */
const [bytesOfSlot, bytesOfText] = [300, 64]
/** Disks and networks are named once for all machines that have the same ones, though counted for each. */
const mostLayouts = 1_000
/** Some fifty disks and networks; the slots of a machine that has more are read. */
const longestLayout = 4_000

export interface SampledRow {
  /** Of the slot in which it lies. */
  key: string
  columns: SampleColumns
}

export class OpenSlots {
  readonly #mostBytes: number
  readonly #slots = new Map<string, OpenSlot>()
  readonly #layouts = new Map<string, Layout>()
  #bytes = 0
  #awaited: readonly SampledRow[] = []
  #areNew = false

  constructor(bound = mostBytes) {
    this.#mostBytes = bound
  }

  /** To be written by the only transaction until it is committed or has failed. @returns whom to tell how many of them were new. */
  expect(rows: readonly SampledRow[]): (written: number) => void {
    this.#awaited = rows
    this.#areNew = false
    return (written) => {
      this.#areNew = written === rows.length
    }
  }

  committed(): void {
    for (const row of this.#awaited) {
      if (this.#areNew) this.#add(row)
      else this.#release(row.key)
    }
    this.#awaited = []
  }

  /** The slot is over. @returns what is known of it. What comes of it from now on is not in here alone. */
  take(key: string): OpenSlot | undefined {
    const slot = this.#slots.get(key)
    this.#release(key)
    this.#awaited = this.#awaited.filter((row) => row.key !== key)
    return slot
  }

  #add({ key, columns }: SampledRow): void {
    const slot = this.#slots.get(key) ?? this.#open(key, columns)
    if (slot && !slot.add(columns)) this.#release(key)
  }

  #open(key: string, columns: SampleColumns): OpenSlot | undefined {
    const layout = this.#layoutOf(columns)
    if (!layout) return undefined
    const slot = new OpenSlot(layout)
    this.#slots.set(key, slot)
    this.#bytes += slot.bytes
    for (const [oldest] of this.#slots) {
      if (this.#bytes <= this.#mostBytes) break
      this.#release(oldest)
    }
    return slot
  }

  #release(key: string): void {
    this.#bytes -= this.#slots.get(key)?.bytes ?? 0
    this.#slots.delete(key)
  }

  #layoutOf({ disks, networks }: SampleColumns): Layout | undefined {
    const key = JSON.stringify([disks, networks])
    const known = this.#layouts.get(key)
    if (known || key.length > longestLayout) return known
    const names = namesIn({ disks, networks })
    if (new Set(names).size < names.length) return undefined
    // A name of a network stands in three measures.
    const layout = { disks, networks, names, bytes: 4 * key.length + bytesOfText * names.length }
    if (this.#layouts.size >= mostLayouts) this.#layouts.clear()
    this.#layouts.set(key, layout)
    return layout
  }
}

interface Layout extends Pick<SampleColumns, 'disks' | 'networks'> {
  names: readonly string[]
  bytes: number
}

/** Minimum, mean, maximum, count. */
const numbersOfEach = 4

/** A list of numbers, of each measure one after the other: as objects they take three times the memory. */
export class OpenSlot {
  rows = 0
  samples = 0
  readonly #layout: Layout
  readonly #numbers: number[]
  /** No row before it is news. */
  #through = Number.NEGATIVE_INFINITY

  constructor(layout: Layout) {
    this.#layout = layout
    this.#numbers = new Array(layout.names.length * numbersOfEach).fill(0)
  }

  get bytes(): number {
    return bytesOfSlot + this.#layout.bytes + 8 * this.#numbers.length
  }

  /** @returns false when reading the rows of the slot could give something else, from now on. */
  add(columns: SampleColumns): boolean {
    const { at } = columns
    const [first = 0, last = first] = [at[0], at.at(-1)]
    if (first <= this.#through || !this.#isOfLayout(columns)) return false
    this.#through = Math.max(first, last)
    const known = { ...nothing }
    let isInOrder = true
    measureEach(columns, (spread, measure) => {
      if (spread.count > 0 && !this.#merge(known, measure, spread)) isInOrder = false
    })
    this.rows += 1
    this.samples += at.length
    return isInOrder
  }

  spreads(): Spreads {
    const { names } = this.#layout
    const spreads = names.map((name, measure): [string, Spread] => [name, this.#fill({ ...nothing }, measure)])
    return new Map(spreads.filter(([, { count }]) => count > 0))
  }

  /** @returns false for a measure that begins later than others: a roll-up names them in the order in which they began. */
  #merge(known: Spread, measure: number, added: Readonly<Spread>): boolean {
    this.#fill(known, measure)
    if (known.count === 0 && this.rows > 0) return false
    if (known.count > 0) merge(known, added)
    const { min, mean, max, count } = known.count > 0 ? known : added
    const numbers = this.#numbers
    const from = measure * numbersOfEach
    numbers[from] = min
    numbers[from + 1] = mean
    numbers[from + 2] = max
    numbers[from + 3] = count
    return true
  }

  #fill(spread: Spread, measure: number): Spread {
    const numbers = this.#numbers
    const from = measure * numbersOfEach
    spread.min = numbers[from] ?? 0
    spread.mean = numbers[from + 1] ?? 0
    spread.max = numbers[from + 2] ?? 0
    spread.count = numbers[from + 3] ?? 0
    return spread
  }

  #isOfLayout({ disks, networks }: SampleColumns): boolean {
    return areEqual(disks, this.#layout.disks) && areEqual(networks, this.#layout.networks)
  }
}

const areEqual = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((each, place) => each === other[place])
