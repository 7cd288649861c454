import { minutes, seconds } from '#shared/domain/time.ts'
import { openStore } from '../../server/store/store.ts'
import { enrolAll } from '../swarm/members.ts'
import { MemorySpool } from '../swarm/memory-spool.ts'
import { checkOpenFiles } from '../swarm/options.ts'
import { type OwnCollector, startOwnCollector } from '../swarm/own-collector.ts'
import { issuePasses } from '../swarm/passes.ts'
import { pause, type Swarm, startSwarm } from '../swarm/swarm.ts'
import { type Benchmark, type Figures, rounded } from './benchmark.ts'
import { startBareHolder } from './fleet/bare-holder.ts'
import { cpuMs } from './ingest/process-figures.ts'

/** `watchedMs`: longer than the five minutes after which a server that says nothing is a ticket. */
const sizes = {
  whole: { agents: 10_000, watchedMs: minutes(5.5) },
  quick: { agents: 500, watchedMs: seconds(20) },
}
/** The first time they come in one after the other, a quarter slower than a handshake costs on both sides. */
const rampMsPerAgent = 8
const backWithinMs = minutes(5)
const settleMs = seconds(15)

export default {
  says: 'milliseconds until 10,000 agents are back after their collector was killed and restarted, against a bare ws server',
  run: async ({ isQuick }) => {
    const size = isQuick ? sizes.quick : sizes.whole
    checkOpenFiles({ agents: size.agents, spool: 'memory' })
    const collector = await startOwnCollector()
    try {
      return await measure(collector, size)
    } finally {
      await collector.stop()
    }
  },
} satisfies Benchmark

async function measure(collector: OwnCollector, { agents, watchedMs }: { agents: number; watchedMs: number }): Promise<Figures> {
  const { ca, passes } = await issuePasses(collector.dataDir, agents)
  await enrolAll(collector.storeUrl, passes, Date.now())
  const open = async (url: string): Promise<Swarm> => {
    const pace = { rampMs: agents * rampMsPerAgent, sampleEveryMs: 0, samplesPerRecord: 6, signalsPerSecond: 0, seed: 1 }
    const swarm = await startSwarm({ collector: url, ca, passes, ...pace, openSpool: async () => new MemorySpool() })
    if (!(await swarm.untilConnected(agents, backWithinMs))) throw new Error(`only ${swarm.connected()} of ${agents} agents came in`)
    await pause(settleMs)
    return swarm
  }

  const yardstick = await bareReturn(collector, open)
  console.log(`bare server, killed and restarted: all ${agents} were back after ${rounded(yardstick / 1_000, 1)} s`)
  const swarm = await open(collector.agentsUrl)
  try {
    const terminated = await collectorReturn(collector, swarm, 'SIGTERM')
    const killed = await collectorReturn(collector, swarm, 'SIGKILL')
    await pause(watchedMs)
    const marks = await marksIn(collector.storeUrl)
    console.log(`${watchedMs / 1_000} s later: ${marks.away} marked offline, ${marks.tickets} tickets`)
    const figure = Math.max(terminated.backMs, killed.backMs)
    return {
      ...{ figure: rounded(figure, 0), unit: 'ms', yardstick: rounded(yardstick, 0), ratio: rounded(figure / yardstick), agents },
      ...{ terminatedMs: rounded(terminated.backMs, 0), killedMs: rounded(killed.backMs, 0), cpuMsEach: rounded(killed.cpuMs / agents) },
      ...{ markedOffline: marks.away, falseTickets: marks.tickets, goalMs: seconds(40) },
    }
  } finally {
    await swarm.stop()
  }
}

/** The same agents, and a server that does nothing but hold them. */
async function bareReturn(collector: OwnCollector, open: (url: string) => Promise<Swarm>): Promise<number> {
  const first = await startBareHolder(collector.dataDir)
  const swarm = await open(first.url)
  const startedAt = performance.now()
  await first.stop()
  while (swarm.connected() > 0) await pause(10)
  const second = await startBareHolder(collector.dataDir, Number(new URL(first.url).port))
  if (!(await swarm.untilConnected(swarm.size, backWithinMs))) throw new Error(`only ${swarm.connected()} agents came back`)
  const backMs = performance.now() - startedAt
  await swarm.stop()
  await second.stop()
  return backMs
}

/** From the signal to the last welcome, with nobody marked offline any more; and the collector's processor time for that. */
async function collectorReturn(collector: OwnCollector, swarm: Swarm, signal: NodeJS.Signals): Promise<{ backMs: number; cpuMs: number }> {
  const welcomes = swarm.welcomes()
  const startedAt = performance.now()
  const awayMs = await collector.restart(signal)
  await untilBack(swarm, welcomes)
  while ((await marksIn(collector.storeUrl)).away > 0) await pause(200)
  const backMs = performance.now() - startedAt
  const spent = cpuMs(collector.pid())
  console.log(
    `collector, ${signal}: away for ${rounded(awayMs / 1_000, 1)} s, all ${swarm.size} back after ${rounded(backMs / 1_000, 1)} s, ${Math.round(spent)} ms of processor time`,
  )
  await pause(settleMs)
  return { backMs, cpuMs: spent }
}

/** Everybody was welcomed anew, and is there. */
async function untilBack(swarm: Swarm, welcomesBefore: number): Promise<void> {
  const endAt = performance.now() + backWithinMs
  while (swarm.welcomes() < welcomesBefore + swarm.size || swarm.connected() < swarm.size) {
    if (performance.now() > endAt) throw new Error(`only ${swarm.connected()} of ${swarm.size} agents came back`)
    await pause(50)
  }
}

async function marksIn(storeUrl: string): Promise<{ away: number; tickets: number }> {
  const store = await openStore(storeUrl)
  try {
    const { reader } = store
    const away = reader
      .selectFrom('presences')
      .where('is_connected', '=', 0)
      .select(({ fn }) => fn.countAll<number | string>().as('rows'))
    const tickets = reader.selectFrom('tickets').select(({ fn }) => fn.countAll<number | string>().as('rows'))
    return { away: Number((await away.executeTakeFirstOrThrow()).rows), tickets: Number((await tickets.executeTakeFirstOrThrow()).rows) }
  } finally {
    await store.close()
  }
}
