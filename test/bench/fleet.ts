import { minutes, seconds } from '#shared/domain/time.ts'
import { enrolAll } from '../swarm/members.ts'
import { MemorySpool } from '../swarm/memory-spool.ts'
import { checkOpenFiles } from '../swarm/options.ts'
import { type OwnCollector, startOwnCollector } from '../swarm/own-collector.ts'
import { issuePasses } from '../swarm/passes.ts'
import { pause, type Swarm, startSwarm } from '../swarm/swarm.ts'
import { type Benchmark, type Figures, rounded } from './benchmark.ts'
import { startBareHolder } from './fleet/bare-holder.ts'
import { memoryOf, probeArgs } from './fleet/memory.ts'
import { cpuMs } from './ingest/process-figures.ts'

const sizes = { whole: { agents: 10_000, measuredMs: seconds(90) }, quick: { agents: 1_000, measuredMs: seconds(30) } }
/** A quarter above what a handshake costs on both sides, so that nobody queues. */
const rampMsPerAgent = 8
const connectedWithinMs = minutes(5)
/** After the last one has come, until their first records are through. */
const settleMs = seconds(15)
const sampleEveryMs = seconds(10)
const samplesPerRecord = 6

export default {
  says: 'memory of each of 10,000 connected agents and processor time of all, against a bare ws server holding as many sockets',
  run: async ({ isQuick }) => {
    const size = isQuick ? sizes.quick : sizes.whole
    checkOpenFiles({ agents: size.agents, spool: 'memory' })
    const collector = await startOwnCollector(probeArgs)
    try {
      return await measure(collector, size)
    } finally {
      await collector.stop()
    }
  },
} satisfies Benchmark

async function measure(collector: OwnCollector, { agents, measuredMs }: { agents: number; measuredMs: number }): Promise<Figures> {
  const { ca, passes } = await issuePasses(collector.dataDir, agents)
  await enrolAll(collector.storeUrl, passes, Date.now())
  const open = (url: string, everyMs: number): Promise<Swarm> =>
    startSwarm({
      ...{
        collector: url,
        ca,
        passes,
        rampMs: agents * rampMsPerAgent,
        sampleEveryMs: everyMs,
        samplesPerRecord,
        signalsPerSecond: 0,
        seed: 1,
      },
      openSpool: async () => new MemorySpool(),
    })

  const bare = await startBareHolder(collector.dataDir)
  const yardstick = await held(bare.pid, agents, () => open(bare.url, 0), seconds(1))
  await bare.stop()
  const found = await held(collector.pid(), agents, () => open(collector.agentsUrl, sampleEveryMs), measuredMs)
  return figuresOf(agents, yardstick, found)
}

interface Held {
  rssKiBEach: number
  heapKiBEach: number
  /** Share of one core. */
  cpuShare: number
  joinMs: number
  joinCpuMsEach: number
  framesPerSecond: number
}

/** What a process holds for each agent of a swarm, and what it does for all of them. */
async function held(pid: number, agents: number, open: () => Promise<Swarm>, measuredMs: number): Promise<Held> {
  const before = await memoryOf(pid)
  const joining = { at: performance.now(), cpu: cpuMs(pid) }
  const swarm = await open()
  try {
    if (!(await swarm.untilConnected(agents, connectedWithinMs))) throw new Error(`only ${swarm.connected()} of ${agents} agents came in`)
    const joined = { at: performance.now(), cpu: cpuMs(pid) }
    await pause(settleMs)
    const start = { at: performance.now(), cpu: cpuMs(pid), frames: swarm.frames() }
    await pause(measuredMs)
    const end = { at: performance.now(), cpu: cpuMs(pid), frames: swarm.frames() }
    if (swarm.connected() < agents) throw new Error(`${agents - swarm.connected()} agents were lost`)
    const after = await memoryOf(pid)
    return {
      rssKiBEach: (after.rssKiB - before.rssKiB) / agents,
      heapKiBEach: (after.heapKiB - before.heapKiB) / agents,
      cpuShare: (end.cpu - start.cpu) / (end.at - start.at),
      joinMs: joined.at - joining.at,
      joinCpuMsEach: (joined.cpu - joining.cpu) / agents,
      framesPerSecond: ((end.frames - start.frames) / (end.at - start.at)) * seconds(1),
    }
  } finally {
    await swarm.stop()
  }
}

function figuresOf(agents: number, yardstick: Held, found: Held): Figures {
  const beyond = found.rssKiBEach - yardstick.rssKiBEach
  const share = (part: number) => `${(100 * part).toFixed(1)} % of a core`
  console.log(
    `bare server: ${yardstick.rssKiBEach.toFixed(1)} KiB a socket; ${yardstick.joinCpuMsEach.toFixed(2)} ms of processor time to let one in`,
  )
  console.log(`collector: ${found.rssKiBEach.toFixed(1)} KiB an agent; ${found.joinCpuMsEach.toFixed(2)} ms to let one in`)
  console.log(`${agents} agents, ${found.framesPerSecond.toFixed(0)} frames/s: ${share(found.cpuShare)}`)
  return {
    ...{ figure: rounded(found.rssKiBEach, 1), unit: 'KiB an agent', yardstick: rounded(yardstick.rssKiBEach, 1) },
    ...{ ratio: rounded(found.rssKiBEach / yardstick.rssKiBEach), beyondKiB: rounded(beyond, 1), agents },
    ...{ heapKiB: rounded(found.heapKiBEach, 1), bareHeapKiB: rounded(yardstick.heapKiBEach, 1) },
    ...{ cpuShare: rounded(found.cpuShare, 3), framesPerSecond: rounded(found.framesPerSecond, 0) },
    ...{ joinCpuMs: rounded(found.joinCpuMsEach), bareJoinCpuMs: rounded(yardstick.joinCpuMsEach) },
  }
}
