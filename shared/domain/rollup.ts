import { z } from 'zod'
import type { Sample } from './sample.ts'
import { firstOfDisk, firstOfNetwork, ofEach, type SampleColumns, valueIn } from './sample-columns.ts'
import { days, hours, minutes } from './time.ts'

/** What is kept of health at each width of step, finest first. Slots begin at whole multiples of their width since the epoch. */
export const steps = {
  raw: { keptForMs: days(2) },
  fiveMinutes: { widthMs: minutes(5), keptForMs: days(30) },
  hour: { widthMs: hours(1), keptForMs: days(400) },
} as const

export const slotOf = (at: number, widthMs: number): number => at - (at % widthMs)

/** What became of one measure in one slot. */
export const Spread = z.object({ min: z.number(), mean: z.number(), max: z.number(), count: z.number().int().positive() })
export type Spread = z.infer<typeof Spread>

/** Every measure of one slot, by name. */
export type Spreads = Map<string, Spread>

/** The numbers of a sample that are drawn and rolled up; after the first space of a name stands which disk or network. */
export function measuresOf({ processor, memory, disks, networks }: Sample): [name: string, value: number][] {
  return [
    ['processor.busyRatio', processor.busyRatio],
    ['processor.load1', processor.load1],
    ...ratioOf('memory.usedRatio', memory.totalBytes - memory.availableBytes, memory.totalBytes),
    ...ratioOf('swap.usedRatio', memory.swapUsedBytes, memory.swapTotalBytes),
    ...disks.map(({ mount, usedRatio }): [string, number] => [`disk.usedRatio ${mount}`, usedRatio]),
    ...networks.flatMap(({ name, receivedBytesPerSecond, sentBytesPerSecond, errorsPerSecond }): [string, number][] => [
      [`network.receivedBytesPerSecond ${name}`, receivedBytesPerSecond],
      [`network.sentBytesPerSecond ${name}`, sentBytesPerSecond],
      [`network.errorsPerSecond ${name}`, errorsPerSecond],
    ]),
  ]
}

const ratioOf = (name: string, part: number, whole: number): [string, number][] => (whole > 0 ? [[name, part / whole]] : [])

export function addSample(into: Spreads, sample: Sample): void {
  for (const [name, value] of measuresOf(sample)) addSpread(into, name, { min: value, mean: value, max: value, count: 1 })
}

/** The same as adding each of its samples. */
export function addColumns(into: Spreads, columns: SampleColumns): void {
  const names = namesIn(columns)
  measureEach(columns, (spread, measure) => {
    const name = names[measure]
    if (name !== undefined && spread.count > 0) addSpread(into, name, spread)
  })
}

/** What can be measured of a machine with these disks and networks. */
export function namesIn({ disks, networks }: Pick<SampleColumns, 'disks' | 'networks'>): string[] {
  return [
    ...['processor.busyRatio', 'processor.load1', 'memory.usedRatio', 'swap.usedRatio'],
    ...disks.map((mount) => `disk.usedRatio ${mount}`),
    ...networks.flatMap((name) =>
      ['receivedBytesPerSecond', 'sentBytesPerSecond', 'errorsPerSecond'].map((measure) => `network.${measure} ${name}`),
    ),
  ]
}

/** What became of each of `namesIn`, in their order: in one object for all of them, whose count is 0 where there is no value. */
export function measureEach(
  { at, disks, networks, columns }: SampleColumns,
  see: (spread: Readonly<Spread>, measure: number) => void,
): void {
  const spread = { ...nothing }
  let measure = 0
  const add = (values: SampleColumns['columns'][number] | undefined): void => {
    fill(spread, values ?? [], at.length)
    see(spread, measure)
    measure += 1
  }
  add(columns[0])
  add(columns[1])
  add(ratiosOf(at.length, columns[4], (total, row) => total - valueIn(columns[5], row)))
  add(ratiosOf(at.length, columns[6], (_total, row) => valueIn(columns[7], row)))
  for (let disk = 0; disk < disks.length; disk += 1) add(columns[firstOfDisk(disk) + 2])
  const first = firstOfNetwork(disks.length, 0)
  for (let column = first; column < first + ofEach * networks.length; column += 1) add(columns[column])
}

/** Rows without a whole have no ratio. */
function ratiosOf(
  rows: number,
  wholes: SampleColumns['columns'][number] | undefined,
  partOf: (whole: number, row: number) => number,
): number[] {
  const ratios: number[] = []
  for (let row = 0; row < rows; row += 1) {
    const whole = valueIn(wholes, row)
    if (whole > 0) ratios.push(partOf(whole, row) / whole)
  }
  return ratios
}

export const nothing: Readonly<Spread> = { min: Number.POSITIVE_INFINITY, mean: Number.NaN, max: Number.NEGATIVE_INFINITY, count: 0 }

function fill(spread: Spread, values: SampleColumns['columns'][number], count: number): void {
  if (typeof values === 'number') {
    spread.min = values
    spread.mean = values
    spread.max = values
    spread.count = count
    return
  }
  Object.assign(spread, nothing)
  let sum = 0
  for (const value of values) {
    if (value < spread.min) spread.min = value
    if (value > spread.max) spread.max = value
    sum += value
  }
  spread.mean = sum / values.length
  spread.count = values.length
}

export function addSpread(into: Spreads, name: string, added: Readonly<Spread>): void {
  const known = into.get(name)
  if (known) merge(known, added)
  else into.set(name, { ...added })
}

/** The mean weighs each slot by how many samples are in it. */
export function merge(known: Spread, added: Readonly<Spread>): void {
  known.count += added.count
  known.mean += ((added.mean - known.mean) * added.count) / known.count
  known.min = Math.min(known.min, added.min)
  known.max = Math.max(known.max, added.max)
}

type Stored = Record<string, readonly [min: number, mean: number, max: number, count: number]>

/** As it is stored: JSON of name → [min, mean, max, count], six digits each, which is more than any sensor has. */
export function rollupText(spreads: Spreads): string {
  const stored = [...spreads].map(([name, { min, mean, max, count }]) => [name, [short(min), short(mean), short(max), count]])
  return JSON.stringify(Object.fromEntries(stored))
}

export function addRollup(into: Spreads, text: string): void {
  for (const [name, [min, mean, max, count]] of Object.entries(JSON.parse(text) as Stored)) addSpread(into, name, { min, mean, max, count })
}

/** Rounded values may leave the mean a hair outside of its band; nobody sees a millionth. */
const short = (value: number): number => Number(value.toPrecision(6))
