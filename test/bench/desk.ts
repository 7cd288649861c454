import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, type Store } from '../../server/store/store.ts'
import { storeUrl } from '../support/database.ts'
import { type Benchmark, type Figures, percentile, rounded } from './benchmark.ts'
import { fillRoom } from './desk/fill.ts'
import { createSender, type Sender } from './desk/load.ts'
import { openRoom, type Room } from './desk/room.ts'
import { bareCommits } from './desk/yardstick.ts'

const goal = { p99Ms: 100, perSecond: 5_000 }
const sizes = {
  whole: { calmMs: 60_000, warmUpMs: 3_000, stepMs: 6_000, steps: [2_000, 4_000, 5_000, 6_000, 8_000, 10_000] },
  quick: { calmMs: 3_000, warmUpMs: 1_000, stepMs: 2_000, steps: [2_000, 5_000] },
}
const calmPerSecond = 1_000

export default {
  says: 'signals a second that become tickets with their outbox rows, open loop, p99 within 100 ms; against bare commits of as many rows',
  run: async ({ isQuick }) => {
    const folder = await mkdtemp(join(tmpdir(), 'tierline-bench-'))
    const store = await openStore(await storeUrl(folder))
    try {
      return await measure(store, isQuick ? sizes.quick : sizes.whole)
    } finally {
      await store.close()
      await rm(folder, { recursive: true, force: true })
    }
  },
} satisfies Benchmark

async function measure(store: Store, { calmMs, warmUpMs, stepMs, steps }: typeof sizes.whole): Promise<Figures> {
  const machines = await fillRoom(store)
  const yardstick = await bareCommits(store)
  const handled = new Map<string, number>()
  const room = await openRoom(store, (ids) => {
    for (const id of ids) handled.set(id, performance.now())
  })
  const sender = createSender(room.ingest, machines)
  const paced = { room, sender, handled }
  await pace(paced, calmPerSecond, warmUpMs)
  const calm = await pace(paced, calmPerSecond, calmMs)
  console.log(`at ${calmPerSecond} signals/s: ${said(calm)} (goal ${goal.p99Ms} ms at p99)`)
  let held = calm.p99 <= goal.p99Ms ? calmPerSecond : 0
  let atHeld = calm
  for (const perSecond of steps) {
    const step = await pace(paced, perSecond, stepMs)
    console.log(`at ${perSecond} signals/s: ${said(step)}`)
    if (step.p99 > goal.p99Ms) break
    held = perSecond
    atHeld = step
  }
  const rows = await outboxRows(store)
  await room.stop()
  console.log(
    `${held} signals/s held (goal ${goal.perSecond}); ${rows} outbox rows for ${handled.size} signals; bare commits ${yardstick} rows/s`,
  )
  return {
    ...{ figure: held, unit: 'signals/s', yardstick, ratio: rounded(held / yardstick, 3), p50: calm.p50, p99: calm.p99 },
    ...{
      opensP99: calm.opensP99,
      worst: calm.worst,
      heldP99: atHeld.p99,
      goalP99Ms: goal.p99Ms,
      goalPerSecond: goal.perSecond,
      outboxRows: rows,
    },
  }
}

interface Paced {
  room: Room
  sender: Sender
  handled: ReadonlyMap<string, number>
}
interface Pace {
  p50: number
  p99: number
  /** Of those that open a ticket. */
  opensP99: number
  worst: number
}

/** From the instant at which each should have been sent to the commit that holds its outbox row. */
async function pace({ room, sender, handled }: Paced, perSecond: number, durationMs: number): Promise<Pace> {
  const due = new Map<string, { at: number; isOpening: boolean }>()
  await sender.send(perSecond, durationMs, (id, act, at) => due.set(id, { at, isOpening: act === 'opens' }))
  await room.ingest.idle()
  await room.pipeline.idle()
  const lost = [...due.keys()].filter((id) => !handled.has(id)).length
  if (lost > 0) throw new Error(`${lost} of ${due.size} signals were never handled`)
  const late = [...due].map(([id, { at, isOpening }]) => ({ ms: (handled.get(id) ?? Number.POSITIVE_INFINITY) - at, isOpening }))
  const all = late.map(({ ms }) => ms)
  const opening = late.filter(({ isOpening }) => isOpening).map(({ ms }) => ms)
  const [p50, p99, opensP99, worst] = [percentile(all, 0.5), percentile(all, 0.99), percentile(opening, 0.99), percentile(all, 1)]
  return { p50: rounded(p50), p99: rounded(p99), opensP99: rounded(opensP99), worst: rounded(worst) }
}

const said = ({ p50, p99, opensP99, worst }: Pace): string =>
  `${p50} ms at p50, ${p99} at p99 (${opensP99} of what opens), at worst ${worst}`

async function outboxRows({ db }: Store): Promise<number> {
  const { count } = await db
    .selectFrom('outbox')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}
