import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { addColumns, rollupText, type Spreads, slotOf } from '#shared/domain/rollup.ts'
import type { Sample } from '#shared/domain/sample.ts'
import { columnsOf, storedColumns } from '#shared/domain/sample-columns.ts'
import { hours, minutes, seconds } from '#shared/domain/time.ts'
import { OpenSlots } from '../../../server/measure/open-slots.ts'
import { sampleAt, seeded } from '../../swarm/readings.ts'
import { databases, startDatabases, type World } from './world.ts'

// A roll-up that is made of what is known of its slot is the one that its samples would give, whatever happens meanwhile.

const running = await startDatabases()
afterAll(running.stop)

/** Some samples of one machine, in one frame: each so many tens of seconds from where it begins. */
const frame = fc.record({
  kind: fc.constant('frame' as const),
  endpoint: fc.constantFrom('endpoint-1', 'endpoint-2'),
  /** Rising, mostly: how far it is to the next one. */
  steps: fc.array(fc.oneof({ weight: 20, arbitrary: fc.constant(1) }, fc.integer({ min: -3, max: 9 })), { minLength: 1, maxLength: 6 }),
  /** From the end of what this machine sent before, or from somewhere. */
  from: fc.oneof({ weight: 8, arbitrary: fc.constant('on' as const) }, fc.integer({ min: 0, max: 90 })),
  layout: fc.oneof({ weight: 15, arbitrary: fc.constant(0) }, fc.constantFrom(1, 2, 3)),
  /** The same instant may be told of otherwise. */
  seed: fc.nat(1),
  outcome: fc.oneof({ weight: 12, arbitrary: fc.constant('committed' as const) }, fc.constantFrom('failed' as const, 'unheard' as const)),
})
type Frame = typeof frame extends fc.Arbitrary<infer One> ? One : never
const happening = fc.oneof(
  { weight: 12, arbitrary: frame },
  fc.constantFrom({ kind: 'restart' as const }, { kind: 'pause' as const }, { kind: 'pause' as const }),
)

/** Without a swap, or with other disks, or with one disk named twice. */
function sampleOf({ layout, seed }: Pick<Frame, 'layout' | 'seed'>, at: number): Sample {
  const sample = sampleAt(at, seeded(at + seed))
  const [disk] = sample.disks
  if (layout === 1) return { ...sample, memory: { ...sample.memory, swapTotalBytes: 0 } }
  if (layout === 2) return { ...sample, disks: sample.disks.slice(0, 1) }
  return layout === 3 && disk ? { ...sample, disks: [disk, disk] } : sample
}

describe('a slot', () => {
  const rowOf =
    (layout: Frame['layout']) =>
    (...at: number[]) =>
      at.map((each) => sampleOf({ layout, seed: 0 }, each))
  const [usual, withoutSwap, twice] = [rowOf(0), rowOf(1), rowOf(3)] as const
  const commit = (open: OpenSlots, key: string, samples: readonly Sample[], written = 1) => {
    const [columns] = columnsOf(samples)
    if (!columns) throw new TypeError('a row has samples')
    open.expect([{ key, columns }])(written)
    open.committed()
  }

  it.each([
    { of: 'rows that follow each other', rows: [usual(1, 2), usual(3)], isKnown: true },
    { of: 'a row that comes late', rows: [usual(3), usual(1, 2)], isKnown: false },
    { of: 'a row that begins before the last one ended', rows: [usual(1, 3), usual(2, 4)], isKnown: false },
    { of: 'other disks', rows: [usual(1), twice(2)], isKnown: false },
    { of: 'a disk that is named twice', rows: [twice(1)], isKnown: false },
    { of: 'a swap that ends', rows: [usual(1), withoutSwap(2)], isKnown: true },
    { of: 'a swap that begins', rows: [withoutSwap(1), usual(2)], isKnown: false },
  ])('of $of is known: $isKnown', ({ rows, isKnown }) => {
    const open = new OpenSlots()
    for (const samples of rows) commit(open, 'slot', samples)
    const slot = open.take('slot')
    expect(slot !== undefined).toBe(isKnown)
    const spreads: Spreads = new Map()
    for (const columns of storedColumns(rows.flatMap(columnsOf).map((each) => JSON.stringify(each)))) addColumns(spreads, columns)
    if (slot) expect(rollupText(slot.spreads())).toBe(rollupText(spreads))
  })

  it('is let go where a row of its commit was there already, and once it is taken', () => {
    const open = new OpenSlots()
    for (const [at, written] of [
      [1, 1],
      [2, 0],
      [3, 1],
    ] as const)
      commit(open, 'slot', usual(at), written)
    expect(open.take('slot')?.rows).toBe(1)
    expect(open.take('slot')).toBeUndefined()
  })

  it('makes room at the bound for the one that opens', () => {
    const open = new OpenSlots(5_000)
    for (const slot of ['first', 'second', 'third', 'fourth']) commit(open, slot, usual(1))
    expect(['first', 'second', 'third', 'fourth'].map((slot) => open.take(slot)?.rows)).toEqual([undefined, 1, 1, 1])
  })
})

describe.each(databases)('on %s', (database) => {
  let world: World
  /** The beginning of an hour that is over, so that everything is due as soon as it has settled. */
  let start: number
  beforeEach(async ({ skip }) => {
    if (!running.has(database)) skip()
    world = await running.open(database)
    start = slotOf(world.time.now() - hours(6), hours(1))
    return () => world.close()
  })

  const rollups = () =>
    world.store.reader.selectFrom('rollups').selectAll().orderBy('endpoint_id').orderBy('step_ms').orderBy('at').execute()
  const rolledUp = () => world.eventually(async () => expect(await world.marks()).toBe(0))

  /** Nobody hears whether it was committed. */
  const unheard = (endpoint: string, samples: readonly Sample[], outcome: 'failed' | 'unheard') =>
    world.store.db.transaction().execute(async (tx) => {
      await world.keepIn(tx, endpoint, samples)
      if (outcome === 'failed') throw new Error('the disk is full')
    })

  async function send(frame: Frame, ends: Map<string, number>): Promise<void> {
    const { endpoint, steps, from, outcome } = frame
    let at = from === 'on' ? (ends.get(endpoint) ?? 0) : from
    const samples = steps.map((step) => {
      at = Math.max(0, at + step)
      return sampleOf(frame, start + at * seconds(10))
    })
    if (outcome === 'committed') await world.keep(endpoint, ...samples)
    else await unheard(endpoint, samples, outcome).catch(() => undefined)
    ends.set(endpoint, at)
  }

  async function play(happenings: readonly (Frame | { kind: 'restart' | 'pause' })[], bound: number) {
    await world.empty()
    await world.restart(new OpenSlots(bound))
    const ends = new Map<string, number>()
    for (const each of happenings) {
      if (each.kind === 'frame') await send(each, ends)
      else if (each.kind === 'pause') await rolledUp()
      else await world.restart(new OpenSlots(bound))
    }
    await rolledUp()
    return rollups()
  }

  it('gives what reading the samples gives: out of order, twice, late, over restarts, at the bound', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 30 }), async (happenings) => {
        const read = await play(happenings, 0)
        expect(await play(happenings, 5_000)).toEqual(read)
        expect(await play(happenings, 67_108_864)).toEqual(read)
      }),
      { numRuns: 12 },
    )
  }, 120_000)

  const put = (at: number, busyRatio: number) => {
    const sample = sampleAt(start + seconds(at), seeded(at))
    return { ...sample, processor: { ...sample.processor, busyRatio } }
  }
  const busy = async () => {
    const fine = (await rollups()).filter(({ step_ms }) => step_ms === minutes(5))
    return fine.map(({ samples, body }) => [samples, JSON.parse(body)['processor.busyRatio'][2]])
  }

  it('reads no samples of a slot again of which all are known', async () => {
    await world.keep('endpoint-1', put(0, 0.1), put(10, 0.2))
    await world.keep('endpoint-1', put(20, 0.3))
    await world.store.db.updateTable('samples').set({ body: 'whoever reads this fails' }).execute()
    await rolledUp()
    expect(await busy()).toEqual([[3, 0.3]])
  })

  it('reads them where others are there than those that are known', async () => {
    await world.keep('endpoint-1', put(0, 0.1))
    await world.restart()
    await world.keep('endpoint-1', put(10, 0.2))
    await world.keep('endpoint-2', put(0, 0.1))
    await world.restart()
    // In as many rows as are there: the first one stays.
    await world.keep('endpoint-2', put(0, 0.9))
    await rolledUp()
    expect(await busy()).toEqual([
      [2, 0.2],
      [1, 0.1],
    ])
  })
})
