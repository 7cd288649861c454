import { z } from 'zod'
import type { Sample } from './sample.ts'
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

/** The mean weighs each slot by how many samples are in it. */
export function addSpread(into: Spreads, name: string, added: Spread): void {
  const known = into.get(name)
  if (!known) {
    into.set(name, { ...added })
    return
  }
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
