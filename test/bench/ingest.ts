import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seconds } from '#shared/domain/time.ts'
import { storeUrlOf } from '../../server/config.ts'
import { databaseSetting } from '../support/database.ts'
import { type Program, startProgram } from '../support/program.ts'
import { type Benchmark, type Figures, percentile, rounded } from './benchmark.ts'
import { enrolAgents } from './ingest/agents.ts'
import { startBareServer } from './ingest/bare-process.ts'
import { type Load, runLoad } from './ingest/load.ts'
import { watchPipeline } from './ingest/pipeline-watch.ts'
import { cpuMs, rssMiB } from './ingest/process-figures.ts'

const agentCount = 8
const warmUpMs = seconds(2)
const measuredMs = seconds(10)
/** What latencies tell most at: far below the limit, and far above what a fleet sends. */
const calmPerSecond = 5_000
const calmMs = seconds(5)

export default {
  says: 'signals acknowledged after commit, per second, against a bare ws server that parses, validates and drops',
  run: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tierline-bench-'))
    const database = await databaseSetting(folder)
    const collector = startProgram(['up', '--data', folder, '--database', database, '--port', '0', '--agents-port', '0'])
    try {
      return await measure(folder, collector, storeUrlOf({ database, dataDir: folder }))
    } finally {
      await collector.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
} satisfies Benchmark

async function measure(folder: string, collector: Program, storeUrl: string): Promise<Figures> {
  const passes = await enrolAgents(collector, folder, agentCount)
  const bare = await startBareServer(folder, passes)
  const yardstick = perSecond(await warmedLoad(bare.passes))
  bare.stop()
  console.log(`bare server: ${yardstick} signals/s`)

  await runLoad(passes, warmUpMs)
  const pipeline = await watchPipeline(storeUrl)
  await pipeline.drained()
  const cpuBefore = cpuMs(collector.pid)
  const load = await runLoad(passes, measuredMs)
  const cpuMsPerMinute = ((cpuMs(collector.pid) - cpuBefore) / load.elapsedMs) * seconds(60)
  const backlog = await pipeline.backlog()
  const drainMs = await pipeline.drained()
  const lag = await pipeline.lagsMs(load.signals)
  const calm = await runLoad(passes, calmMs, calmPerSecond)
  await pipeline.drained()
  const calmLag = await pipeline.lagsMs(calm.signals)
  await pipeline.close()

  const figure = perSecond(load)
  console.log(`collector: ${figure} signals/s from ${agentCount} agents in frames of 50, each acknowledged after its commit`)
  console.log(`pipeline beside it: ${backlog} signals behind at the end, drained in ${drainMs} ms`)
  const { p50, p99 } = latencyOf(load)
  const { p50: calmP50, p99: calmP99 } = latencyOf(calm)
  console.log(`at ${calmPerSecond} signals/s: acknowledged within ${calmP50} ms (p50) and ${calmP99} ms (p99)`)
  return {
    ...{ figure, unit: 'signals/s', yardstick, ratio: rounded(figure / yardstick, 3), p50, p99 },
    ...{ pipelineLagMsP50: percentile(lag, 0.5), pipelineLagMsP99: percentile(lag, 0.99), backlog, drainMs },
    ...{ calmPerSecond, calmP50, calmP99, calmPipelineLagMsP50: percentile(calmLag, 0.5), calmPipelineLagMsP99: percentile(calmLag, 0.99) },
    ...{ signals: load.signals, rssMiB: rounded(rssMiB(collector.pid), 1), cpuMsPerMinute: Math.round(cpuMsPerMinute) },
  }
}

async function warmedLoad(passes: Parameters<typeof runLoad>[0]): Promise<Load> {
  await runLoad(passes, warmUpMs)
  return runLoad(passes, measuredMs)
}

const latencyOf = ({ latenciesMs }: Load) => ({ p50: rounded(percentile(latenciesMs, 0.5)), p99: rounded(percentile(latenciesMs, 0.99)) })

const perSecond = (load: Load): number => Math.round((load.signals / load.elapsedMs) * seconds(1))
