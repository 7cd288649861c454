import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { seconds } from '#shared/domain/time.ts'
import { createFire } from '../../server/due/due.ts'
import { createTimers } from '../../server/escalate/timers.ts'
import { readRules } from '../../server/pipeline/keep.ts'
import { createLoops } from '../../server/pipeline/loop.ts'
import { createTurns } from '../../server/pipeline/turns.ts'
import { keepMatrix } from '../../server/route/route.ts'
import { openStore, type Store } from '../../server/store/store.ts'
import { systemTime } from '../../server/system-time.ts'
import { storeUrl } from '../support/database.ts'
import { defaultMatrix } from '../support/desk-room.ts'
import { pause } from '../swarm/swarm.ts'
import { type Benchmark, type Figures, percentile, rounded } from './benchmark.ts'
import { fillDesk, planSecond } from './timers/fill.ts'

const goalMs = 1_000
const sizes = { whole: { tickets: 100_000, due: 1_000 }, quick: { tickets: 5_000, due: 200 } }
const leadMs = seconds(1)
const patienceMs = seconds(30)

export default {
  says: 'milliseconds by which timers are late, committed, with 1,000 due in one second among 100,000 open tickets; against bare timeouts',
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

async function measure(store: Store, { tickets, due }: typeof sizes.whole): Promise<Figures> {
  const filledAt = performance.now()
  await fillDesk(store, tickets, Date.now())
  console.log(`${tickets} open tickets were made in ${Math.round(performance.now() - filledAt)} ms`)
  const bare = await bareTimeouts(due)
  const late = await fireSecond(store, due)
  const fired = await store.db.selectFrom('timers').select('id').where('id', 'like', 'due-%').where('fired_at', 'is not', null).execute()
  if (fired.length !== due || late.length !== due)
    throw new Error(`${fired.length} of ${due} timers fired, and ${late.length} tickets were kept`)
  const [p50, p99, worst] = [percentile(late, 0.5), percentile(late, 0.99), Math.max(...late)].map((value) => rounded(value, 1))
  const yardstick = rounded(Math.max(1, percentile(bare, 0.99)), 1)
  console.log(`late by ${p50} ms at p50, ${p99} at p99, at worst ${worst} (goal ${goalMs}); bare timeouts ${yardstick} at p99`)
  const figure = p99 ?? Number.NaN
  return { figure, unit: 'ms', yardstick, ratio: rounded(figure / yardstick), p50: p50 ?? 0, p99: figure, worst, goalMs, tickets, due }
}

/** Each is late by what passes between its instant and the commit of its effect. */
async function fireSecond(store: Store, due: number): Promise<number[]> {
  const time = systemTime
  const log = pino({ level: 'warn' })
  const rules = readRules(await keepMatrix(store.db, await defaultMatrix(), 'bench', time.now()))
  const dueAts = await planSecond(store, due, time.now() + leadMs)
  const late: number[] = []
  const fire = createFire({
    ...{ store, rules, time, log, turns: createTurns(store.db) },
    afterCommit: (kept) => {
      for (const { id } of kept.tickets) late.push(time.now() - (dueAts.get(id) ?? Number.NaN))
      if (kept.dueAt !== null) timers.replan(kept.dueAt)
    },
  })
  const timers = createTimers({ db: store.db, time, loops: createLoops({ time, log }), fire })
  timers.replan()
  for (const endsAt = time.now() + patienceMs; late.length < due && time.now() < endsAt; ) await pause(50)
  await timers.stop()
  return late
}

/** As late as the runtime itself makes them. */
function bareTimeouts(count: number): Promise<number[]> {
  const startsAt = performance.now()
  return Promise.all(
    Array.from({ length: count }, (_, at) => {
      const afterMs = Math.floor((at * 1_000) / count)
      return new Promise<number>((resolve) => setTimeout(() => resolve(performance.now() - startsAt - afterMs), afterMs))
    }),
  )
}
