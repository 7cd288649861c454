import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addColumns, addSample, type Spreads } from '#shared/domain/rollup.ts'
import type { Sample } from '#shared/domain/sample.ts'
import { columnsOf, objectionToColumns, rowsOf, SampleColumns, samplesIn, storedColumns } from '#shared/domain/sample-columns.ts'

const ratio = fc.double({ min: 0, max: 1, noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)
const bytes = fc.nat()
const machine = fc.record({
  mounts: fc.uniqueArray(fc.constantFrom('/', '/srv', '/var'), { maxLength: 3 }),
  names: fc.uniqueArray(fc.constantFrom('eth0', 'wg0')),
})

const sampleOf = ({ mounts, names }: { mounts: string[]; names: string[] }): fc.Arbitrary<Sample> =>
  fc.record({
    at: fc.nat(),
    processor: fc.record({ busyRatio: ratio, load1: ratio, load5: ratio, load15: ratio }),
    memory: fc.record({ totalBytes: bytes, availableBytes: bytes, swapTotalBytes: fc.constantFrom(0, 7), swapUsedBytes: bytes }),
    disks: fc.tuple(
      ...mounts.map((mount) => fc.record({ mount: fc.constant(mount), totalBytes: bytes, freeBytes: bytes, usedRatio: ratio })),
    ),
    networks: fc.tuple(
      ...names.map((name) =>
        fc.record({ name: fc.constant(name), receivedBytesPerSecond: bytes, sentBytesPerSecond: bytes, errorsPerSecond: bytes }),
      ),
    ),
    uptimeSeconds: fc.nat(),
  })
/** Several in a row of a machine that stays as it is, then of one that may be another. */
const samples = fc
  .array(
    machine.chain((one) => fc.array(sampleOf(one), { minLength: 1, maxLength: 5 })),
    { minLength: 1, maxLength: 3 },
  )
  .map((groups) => groups.flat())

describe('samples in columns', () => {
  it('come out as they went in, whatever disks and networks come and go', () => {
    fc.assert(
      fc.property(samples, (given) => {
        const groups = columnsOf(given)
        expect(groups.map(objectionToColumns).filter((objection) => objection !== undefined)).toEqual([])
        const read = groups.map((group) => SampleColumns.parse(JSON.parse(JSON.stringify(group))))
        expect(read.flatMap(samplesIn)).toEqual(given)
      }),
    )
  })

  it('roll up as the samples themselves do', () => {
    fc.assert(
      fc.property(samples, (given) => {
        const [byColumn, bySample]: [Spreads, Spreads] = [new Map(), new Map()]
        for (const columns of columnsOf(given)) addColumns(byColumn, columns)
        for (const sample of given) addSample(bySample, sample)
        expect([...byColumn.keys()].sort()).toEqual([...bySample.keys()].sort())
        for (const [name, { min, mean, max, count }] of bySample) {
          expect(byColumn.get(name)).toMatchObject({ min, max, count })
          const difference = Math.abs((byColumn.get(name)?.mean ?? 0) - mean)
          expect(difference).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(min), Math.abs(max)))
        }
      }),
    )
  })

  it('can be cut by rows', () => {
    fc.assert(
      fc.property(samples, fc.nat(5), fc.nat(5), (given, from, length) => {
        for (const columns of columnsOf(given)) {
          expect(samplesIn(rowsOf(columns, from, from + length))).toEqual(samplesIn(columns).slice(from, from + length))
        }
      }),
    )
  })

  it('say a number once that is the same in all of them', () => {
    const one: Sample = {
      ...{ at: 1, processor: { busyRatio: 0.5, load1: 1, load5: 1, load15: 1 }, disks: [], networks: [], uptimeSeconds: 7 },
      memory: { totalBytes: 8, availableBytes: 4, swapTotalBytes: 0, swapUsedBytes: 0 },
    }
    const [columns] = columnsOf([one, { ...one, at: 2, uptimeSeconds: 8 }])
    expect(columns).toEqual({ at: [1, 2], disks: [], networks: [], columns: [0.5, 1, 1, 1, 8, 4, 0, 0, [7, 8]] })
  })

  it('are read again with each instant once, also those that were stored one by one', () => {
    const at = (instant: number, busyRatio: number): Sample => ({
      ...{ at: instant, processor: { busyRatio, load1: 1, load5: 1, load15: 1 }, disks: [], networks: [], uptimeSeconds: 7 },
      memory: { totalBytes: 8, availableBytes: 4, swapTotalBytes: 0, swapUsedBytes: 0 },
    })
    const stored = [columnsOf([at(1, 0.1), at(2, 0.2)])[0], columnsOf([at(2, 0.9), at(3, 0.3)])[0], at(4, 0.4)]
    const samples = storedColumns(stored.map((each) => JSON.stringify(each))).flatMap(samplesIn)
    expect(samples.map((sample) => [sample.at, sample.processor.busyRatio])).toEqual([
      [1, 0.1],
      [2, 0.2],
      [3, 0.3],
      [4, 0.4],
    ])
  })

  it.each([
    ['too few columns', { columns: [1] }, 'columns: there are 1, and 12 are named'],
    ['a column that is too short', { columns: Array.from({ length: 12 }, () => [1]) }, 'columns: one has not 2 numbers'],
    ['a ratio that is none', { columns: [...Array.from({ length: 11 }, () => 1), [0, 1.1]] }, 'columns: a ratio is above 1'],
  ])('are refused with %s', (_what, wrong, sentence) => {
    expect(objectionToColumns({ at: [1, 2], disks: ['/'], networks: [], ...wrong })).toBe(sentence)
  })
})
