import { hours, minutes, seconds } from '#shared/domain/time.ts'
import { openStore } from '../../server/store/store.ts'
import { enrolAll } from '../swarm/members.ts'
import { type OwnCollector, startOwnCollector } from '../swarm/own-collector.ts'
import { issuePasses } from '../swarm/passes.ts'
import { valuesPerSample } from '../swarm/readings.ts'
import { pause } from '../swarm/swarm.ts'
import { type Benchmark, type Figures, percentile, rounded } from './benchmark.ts'
import { startBareServer } from './ingest/bare-process.ts'
import { cpuMs, databaseCpuMs } from './ingest/process-figures.ts'
import { openLoad, samplesPerFrame } from './samples/load.ts'

const sizes = { whole: { agents: 400, frames: 120 }, quick: { agents: 100, frames: 40 } }
/** Before the measured frames, so that code is compiled and pages are in memory. */
const warmUpFrames = 10
/** Roll-ups wait until a slot has settled. */
const rolledUpWithinMs = minutes(6)

export default {
  says: 'health values stored and rolled up per second of processor time, against a bare ws server that parses, validates and drops',
  run: async ({ isQuick }) => {
    const collector = await startOwnCollector()
    try {
      return await measure(collector, isQuick ? sizes.quick : sizes.whole)
    } finally {
      await collector.stop()
    }
  },
} satisfies Benchmark

async function measure(collector: OwnCollector, { agents, frames }: { agents: number; frames: number }): Promise<Figures> {
  const { dataDir, storeUrl, agentsUrl: url } = collector
  const { ca, passes } = await issuePasses(dataDir, agents)
  await enrolAll(storeUrl, passes, Date.now())
  const own = passes.map(({ key, certificate }) => ({ url, key, certificate, ca }))
  const from = Date.now() - hours(24)

  const bare = await startBareServer(dataDir, own)
  const bareLoad = await openLoad(bare.passes, from)
  await bareLoad.send(warmUpFrames)
  const yardstick = await cpuOf(
    () => cpuMs(bare.pid),
    () => bareLoad.send(frames),
  )
  bareLoad.close()
  bare.stop()

  const load = await openLoad(own, from)
  await load.send(warmUpFrames)
  const usedMs = (): number => cpuMs(collector.pid()) + databaseCpuMs()
  const stored = await cpuOf(usedMs, () => load.send(frames))
  const rolled = await cpuOf(usedMs, () => untilRolledUp(storeUrl))
  load.close()
  return figuresOf(agents * frames * samplesPerFrame * valuesPerSample, { yardstick, stored, rolled }, warmUpFrames / frames)
}

type Measured<Result> = { cpuMs: number; elapsedMs: number; result: Result }

/** Processor time that is used while `work` is done, by all threads of the processes that `usedMs` is about. */
async function cpuOf<Result>(usedMs: () => number, work: () => Promise<Result>): Promise<Measured<Result>> {
  const [before, startedAt] = [usedMs(), performance.now()]
  const result = await work()
  return { cpuMs: usedMs() - before, elapsedMs: performance.now() - startedAt, result }
}

/** Every slot that got samples is rolled up, the hours too. @returns how many roll-ups there are. */
async function untilRolledUp(storeUrl: string): Promise<number> {
  const store = await openStore(storeUrl)
  const endAt = performance.now() + rolledUpWithinMs
  const count = async (table: 'rollups' | 'rollups_due') => {
    const { rows } = await store.reader
      .selectFrom(table)
      .select(({ fn }) => fn.countAll<number | string>().as('rows'))
      .executeTakeFirstOrThrow()
    return Number(rows)
  }
  try {
    while ((await count('rollups_due')) > 0) {
      if (performance.now() > endAt) throw new Error('the roll-ups did not come to an end')
      await pause(seconds(1))
    }
    return await count('rollups')
  } finally {
    await store.close()
  }
}

interface Runs {
  yardstick: Measured<number[]>
  stored: Measured<number[]>
  rolled: Measured<number>
}

/** The warm-up's samples were rolled up too, so only the measured ones' share of that counts. */
function figuresOf(values: number, { yardstick, stored, rolled }: Runs, warmUpShare: number): Figures {
  const rollUpMs = rolled.cpuMs / (1 + warmUpShare)
  const perCpuSecond = (usedMs: number) => Math.round((values / usedMs) * seconds(1))
  const figure = perCpuSecond(stored.cpuMs + rollUpMs)
  const bare = perCpuSecond(yardstick.cpuMs)
  console.log(`bare server: ${bare} values per CPU-second`)
  console.log(`collector and its database: ${figure} values per CPU-second, roll-ups included; ${perCpuSecond(stored.cpuMs)} without them`)
  console.log(`${rolled.result} roll-ups were made in ${Math.round(rolled.cpuMs)} ms of processor time`)
  return {
    ...{ figure, unit: 'values per CPU-second', yardstick: bare, ratio: rounded(figure / bare, 3) },
    ...{ p50: rounded(percentile(stored.result, 0.5)), p99: rounded(percentile(stored.result, 0.99)) },
    ...{
      values,
      cpuMsStoring: stored.cpuMs,
      cpuMsRollingUp: Math.round(rollUpMs),
      storedPerSecond: Math.round((values / stored.elapsedMs) * seconds(1)),
    },
  }
}
