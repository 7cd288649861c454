import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { readIdentity } from '../../agent/identity/files.ts'
import { startProgram } from '../support/program.ts'
import { pause } from '../swarm/swarm.ts'
import type { Reconnection } from './backlog/agent.ts'
import { fillSpool } from './backlog/fill.ts'
import { type Benchmark, type Figures, percentile, rounded } from './benchmark.ts'
import { enrolAgents } from './ingest/agents.ts'

const goalMs = 250
const sizes = { whole: { samples: 1_000_000, reconnections: 11 }, quick: { samples: 100_000, reconnections: 3 } }
/** For the collector to see that the last one is gone. */
const betweenMs = 500

export default {
  says: 'milliseconds from dialling until a fresh security signal is acknowledged, with a million samples before it, against an empty spool',
  run: async ({ isQuick }) => {
    const folder = await mkdtemp(join(tmpdir(), 'tierline-bench-'))
    const collector = startProgram(['up', '--data', folder, '--port', '0', '--agents-port', '0'])
    try {
      await enrolAgents(collector, folder, 2)
      return await measure(folder, isQuick ? sizes.quick : sizes.whole)
    } finally {
      await collector.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
} satisfies Benchmark

async function measure(folder: string, { samples, reconnections }: typeof sizes.whole): Promise<Figures> {
  const [full, empty] = [join(folder, 'agent-0'), join(folder, 'agent-1')]
  const filledAt = performance.now()
  await fillSpool(full, samples, readIdentity(full).pinned.endpointId)
  console.log(`${samples} samples were spooled in ${Math.round(performance.now() - filledAt)} ms`)
  const runs: Record<'full' | 'empty', Reconnection[]> = { full: [], empty: [] }
  for (let count = 0; count < reconnections; count += 1) {
    runs.empty.push(await reconnect(empty))
    runs.full.push(await reconnect(full))
  }
  return figuresOf(samples, runs)
}

async function reconnect(dataDir: string): Promise<Reconnection> {
  const script = join(import.meta.dirname, 'backlog/agent.ts')
  const child = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [printed] = await Promise.all([text(child.stdout), once(child, 'close')])
  await pause(betweenMs)
  return JSON.parse(printed) as Reconnection
}

function figuresOf(samples: number, { full, empty }: Record<'full' | 'empty', Reconnection[]>): Figures {
  const middle = (runs: Reconnection[], of: (run: Reconnection) => number) => rounded(percentile(runs.map(of), 0.5), 1)
  const latency = ({ acknowledgedMs }: Reconnection) => acknowledgedMs
  const worst = rounded(Math.max(...full.map(latency)), 1)
  const sampleFramesBefore = full.reduce((sum, run) => sum + run.sampleFramesBefore, 0)
  if (sampleFramesBefore > 0)
    throw new Error(`${sampleFramesBefore} frames of samples were sent before the security signal was acknowledged`)
  const [figure, yardstick] = [middle(full, latency), middle(empty, latency)]
  console.log(`acknowledged ${figure} ms after the dial, at worst ${worst} (goal ${goalMs}); with an empty spool ${yardstick}`)
  console.log('no sample was sent before it')
  return {
    ...{ figure, unit: 'ms', yardstick, ratio: rounded(figure / yardstick), p50: figure, worst, goalMs, samples },
    ...{ openMs: middle(full, ({ openMs }) => openMs), openMsEmpty: middle(empty, ({ openMs }) => openMs) },
    ...{ rssMiB: middle(full, (run) => run.rssMiB), rssMiBEmpty: middle(empty, (run) => run.rssMiB), reconnections: full.length },
  }
}
