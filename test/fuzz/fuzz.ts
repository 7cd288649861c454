import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { percentile, rounded } from '../bench/benchmark.ts'
import { memoryOf, probeArgs } from '../bench/fleet/memory.ts'
import { enrolAgents } from '../bench/ingest/agents.ts'
import type { Pass } from '../bench/ingest/load.ts'
import { rssMiB } from '../bench/ingest/process-figures.ts'
import { type Program, startProgram } from '../support/program.ts'
import type { HostileCounts } from './hostile.ts'
import type { HostileOrder } from './hostile-process.ts'
import { type Neighbour, openNeighbour } from './neighbour.ts'

/*
 * A real collector, some honest agents, and some that send it mutated frames over mutual TLS. Judged: the collector
 * lives, the honest lose nothing and wait at most twice as long as beside as much honest traffic, memory stays bounded.
 */

export interface FuzzOptions {
  frames: number
  seed: number
  hostile: number
  /** How long the honest ones are measured alone. */
  quietMs: number
  progress(line: string): void
}

export interface FuzzFigures extends HostileCounts {
  /** Milliseconds of an honest signal until it is acknowledged: alone, and beside the hostile. */
  quietP50: number
  quietP99: number
  besideP50: number
  besideP99: number
  ratioP99: number
  rssBeforeMiB: number
  rssPeakMiB: number
  /** Once it has let go of what it doesn't need. */
  rssHeldMiB: number
}

const neighbours = 4

export async function fuzz(options: FuzzOptions): Promise<FuzzFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'tierline-fuzz-'))
  const collector = startProgram(['up', '--data', folder, '--port', '0', '--agents-port', '0', '--log-level', 'error'], probeArgs)
  try {
    const passes = await enrolAgents(collector, folder, options.hostile + neighbours)
    return await attack(collector, passes, options)
  } finally {
    await collector.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function attack(collector: Program, passes: Pass[], { frames, seed, hostile, quietMs, progress }: FuzzOptions): Promise<FuzzFigures> {
  const honest = await Promise.all(passes.slice(hostile).map(openNeighbour))
  await measured(honest, AbortSignal.timeout(quietMs / 4))
  const quiet = await measured(honest, AbortSignal.timeout(quietMs))
  const memory = watchMemory(collector.pid)

  const over = new AbortController()
  const beside = measured(honest, over.signal)
  const order = { passes: passes.slice(0, hostile), seed, framesEach: Math.ceil(frames / hostile) }
  const counts = await Promise.race([runHostile(order, memory, progress), died(collector)])
  over.abort()
  const latencies = await beside
  for (const one of honest) one.leave()
  const [quietP99, besideP99] = [percentile(quiet, 0.99), percentile(latencies, 0.99)]
  return {
    ...counts,
    ...{ quietP50: rounded(percentile(quiet, 0.5)), quietP99: rounded(quietP99) },
    ...{ besideP50: rounded(percentile(latencies, 0.5)), besideP99: rounded(besideP99), ratioP99: rounded(besideP99 / quietP99) },
    ...memory.stop(),
    rssHeldMiB: rounded((await memoryOf(collector.pid)).rssKiB / 1_024, 1),
  }
}

const progressEveryMs = 5_000

/** In a process of their own: making mutated frames must not hold up those who are measured. */
async function runHostile(order: HostileOrder, memory: MemoryWatch, progress: FuzzOptions['progress']): Promise<HostileCounts> {
  const child = fork(join(import.meta.dirname, 'hostile-process.ts'))
  child.send(order)
  let counts: HostileCounts = { frames: 0, records: 0, refused: 0, sessionsEnded: 0 }
  child.on('message', (latest) => {
    counts = latest as HostileCounts
  })
  const ticker = setInterval(() => progress(`${sentenceFor(counts)}, peak ${memory.peakMiB()} MiB`), progressEveryMs)
  const [code] = await once(child, 'exit').finally(() => clearInterval(ticker))
  if (code !== 0) throw new Error(`the hostile agents ended with ${code}`)
  return counts
}

const sentenceFor = ({ frames, refused, sessionsEnded }: HostileCounts): string =>
  `${frames} frames, ${refused} records refused, ${sessionsEnded} sessions ended`

const measured = async (honest: Neighbour[], stop: AbortSignal): Promise<number[]> =>
  (await Promise.all(honest.map((one) => one.latencies(stop)))).flat()

async function died(collector: Program): Promise<never> {
  const code = await collector.ended
  throw new Error(`the collector ended with ${code}: ${collector.errors().slice(-2_000)}`)
}

interface MemoryWatch {
  peakMiB(): number
  stop(): { rssBeforeMiB: number; rssPeakMiB: number }
}

function watchMemory(pid: number): MemoryWatch {
  const before = rounded(rssMiB(pid), 1)
  let peak = before
  const look = (): void => {
    peak = Math.max(peak, rounded(rssMiB(pid), 1))
  }
  const timer = setInterval(look, 500)
  return {
    peakMiB: () => peak,
    stop: () => {
      look()
      clearInterval(timer)
      return { rssBeforeMiB: before, rssPeakMiB: peak }
    },
  }
}
