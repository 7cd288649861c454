import { z } from 'zod'
import type { Sample } from './sample.ts'

/*
 * Samples of one machine in a row, as they travel and as they are stored: what they are about is said once, and each
 * number stands in a column, which is one number where it is the same in every sample. A quarter of the bytes, and a
 * quarter of the work to read them.
 */

/** The columns in their order: these, then three of each disk, then three of each network. */
const ofMachine = 9
export const ofEach = 3
const maxDisks = 200
const maxNetworks = 200

const amount = z.number().nonnegative()

export const SampleColumns = z.object({
  /** Agent's clock, epoch ms; rising. */
  at: z.array(z.number().int().nonnegative()).min(1).max(60),
  disks: z.array(z.string().max(1_024)).max(maxDisks),
  networks: z.array(z.string().max(100)).max(maxNetworks),
  columns: z.array(z.union([amount, z.array(amount).max(60)])).max(ofMachine + ofEach * (maxDisks + maxNetworks)),
})
export type SampleColumns = z.infer<typeof SampleColumns>
type Column = SampleColumns['columns'][number]

/** Samples that are about other disks or networks than the one before begin anew. */
export function columnsOf(samples: readonly Sample[]): SampleColumns[] {
  const groups: Sample[][] = []
  for (const sample of samples) {
    const last = groups.at(-1)
    const previous = last?.at(-1)
    if (last && previous && isAboutTheSame(previous, sample)) last.push(sample)
    else groups.push([sample])
  }
  return groups.map(inColumns)
}

/** What the schema can't say: that the columns are those of these disks and networks, long enough, and their ratios no more than 1. */
export function objectionToColumns({ at, disks, networks, columns }: SampleColumns): string | undefined {
  const wanted = ofMachine + ofEach * (disks.length + networks.length)
  if (columns.length !== wanted) return `columns: there are ${columns.length}, and ${wanted} are named`
  if (columns.some((column) => typeof column === 'object' && column.length !== at.length))
    return `columns: one has not ${at.length} numbers`
  const ratios = [columns[0], ...disks.map((_, index) => columns[firstOfDisk(index) + 2])]
  if (ratios.some(isAboveOne)) return 'columns: a ratio is above 1'
  return undefined
}

const isAboveOne = (column: Column | undefined): boolean =>
  typeof column === 'object' ? column.some((value) => value > 1) : (column ?? 0) > 1

export function samplesIn({ at, disks, networks, columns }: SampleColumns): Sample[] {
  return at.map((instant, row) => {
    const value = (column: number): number => valueIn(columns[column], row)
    return {
      at: instant,
      processor: { busyRatio: value(0), load1: value(1), load5: value(2), load15: value(3) },
      memory: { totalBytes: value(4), availableBytes: value(5), swapTotalBytes: value(6), swapUsedBytes: value(7) },
      disks: disks.map((mount, index) => {
        const first = firstOfDisk(index)
        return { mount, totalBytes: value(first), freeBytes: value(first + 1), usedRatio: value(first + 2) }
      }),
      networks: networks.map((name, index) => {
        const first = firstOfNetwork(disks.length, index)
        return { name, receivedBytesPerSecond: value(first), sentBytesPerSecond: value(first + 1), errorsPerSecond: value(first + 2) }
      }),
      uptimeSeconds: value(8),
    }
  })
}

/** Rows `from` to `end`, the latter not included. */
export function rowsOf({ at, disks, networks, columns }: SampleColumns, from: number, end: number): SampleColumns {
  return {
    at: at.slice(from, end),
    disks,
    networks,
    columns: columns.map((column) => (typeof column === 'number' ? column : column.slice(from, end))),
  }
}

/**
 * What is stored of one machine, oldest first → the same with each instant once: an agent whose spool began anew may have
 * sent some of it again. A stored text is either columns, or one sample by itself, as it was kept before there were columns.
 */
export function storedColumns(texts: readonly string[]): SampleColumns[] {
  let lastAt = Number.NEGATIVE_INFINITY
  return texts.flatMap((text) => {
    const stored = JSON.parse(text) as SampleColumns | Sample
    return ('columns' in stored ? [stored] : columnsOf([stored])).flatMap((columns) => {
      const { at } = columns
      const from = at.findIndex((instant) => instant > lastAt)
      lastAt = Math.max(lastAt, at.at(-1) ?? lastAt)
      return from <= 0 ? (from === 0 ? [columns] : []) : [rowsOf(columns, from, at.length)]
    })
  })
}

export const firstOfDisk = (index: number): number => ofMachine + ofEach * index
export const firstOfNetwork = (disks: number, index: number): number => ofMachine + ofEach * (disks + index)

export const valueIn = (column: Column | undefined, row: number): number =>
  typeof column === 'object' ? (column[row] ?? 0) : (column ?? 0)

function inColumns(samples: readonly Sample[]): SampleColumns {
  const rows = samples.map(numbersOf)
  const [first] = samples
  return {
    at: samples.map(({ at }) => at),
    disks: first?.disks.map(({ mount }) => mount) ?? [],
    networks: first?.networks.map(({ name }) => name) ?? [],
    columns: (rows[0] ?? []).map((value, column) => {
      const isSame = rows.every((row) => row[column] === value)
      return isSame ? value : rows.map((row) => row[column] ?? 0)
    }),
  }
}

const numbersOf = ({ processor, memory, disks, networks, uptimeSeconds }: Sample): number[] => [
  ...[processor.busyRatio, processor.load1, processor.load5, processor.load15],
  ...[memory.totalBytes, memory.availableBytes, memory.swapTotalBytes, memory.swapUsedBytes, uptimeSeconds],
  ...disks.flatMap(({ totalBytes, freeBytes, usedRatio }) => [totalBytes, freeBytes, usedRatio]),
  ...networks.flatMap((network) => [network.receivedBytesPerSecond, network.sentBytesPerSecond, network.errorsPerSecond]),
]

const isAboutTheSame = (one: Sample, other: Sample): boolean =>
  one.disks.length === other.disks.length &&
  one.networks.length === other.networks.length &&
  one.disks.every(({ mount }, index) => mount === other.disks[index]?.mount) &&
  one.networks.every(({ name }, index) => name === other.networks[index]?.name)
