import { readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TicketDetail, TicketList } from '#shared/api/tickets.ts'
import { startAttack, writeDocuments } from '../scenario/stage/attack.ts'
import { type Timeline, watchDisks } from '../scenario/stage/timeline.ts'
import { agentsPort, openWorld, type World, whyNoWorld } from '../scenario/stage/world.ts'
import { top } from '../support/program.ts'
import { type Benchmark, type Figures, fsyncP50, percentile, rounded } from './benchmark.ts'

const sizes = { whole: { runs: 30, agents: 2_000 }, quick: { runs: 4, agents: 50 } }

export default {
  says: 'from a canary touched by a real openssl loop to the ruleset and to its proof, idle and beside 2,000 agents, against one fsync (root, Linux)',
  run: async ({ isQuick }) => {
    const why = whyNoWorld()
    if (why) throw new Error(`The benchmark contain can't run here: ${why}.`)
    const size = isQuick ? sizes.quick : sizes.whole
    const world = await openWorld((documents) => writeDocuments(documents, 20))
    try {
      const idle = await runMany(world, size.runs)
      const stopSwarm = await startSwarmBeside(world, size.agents)
      const loaded = await runMany(world, size.runs).finally(stopSwarm)
      return figuresOf(idle, loaded, size.agents)
    } finally {
      await world.close()
    }
  },
} satisfies Benchmark

async function runMany(world: World, count: number): Promise<Run[]> {
  const runs: Run[] = []
  while (runs.length < count) runs.push(await runOnce(world))
  return runs
}

/** On the collector's machine, with its CA; they send their samples every ten seconds. Resolves once all are connected. */
async function startSwarmBeside({ machines, databaseFile }: World, agents: number): Promise<() => void> {
  const where = ['--data', dirname(databaseFile), '--collector', `https://${machines.collector.ipv4}:${agentsPort}`]
  const script = join(top, 'test/swarm/run.ts')
  const child = machines.collector.spawn(process.execPath, [
    ...[script, '--agents', String(agents), '--spool', 'memory', '--ramp', String(Math.ceil(agents / 100)), '--seconds', '3600', ...where],
  ])
  child.stderr?.pipe(process.stderr)
  if (!child.stdout) throw new Error('the swarm has no output')
  for await (const line of createInterface({ input: child.stdout }))
    if (line.includes(` ${agents} of ${agents} connected`)) return () => void child.kill('SIGTERM')
  throw new Error('the swarm ended before all of it was connected')
}

interface Run extends Timeline {
  touched: number
  /** Until the program that was started on it had read its libraries and made its key, and touched it. */
  programMs: number
}

/** Its sealed copy came to be beside it: before that nothing had happened that anybody could notice. By the kernel's clock, up to 4 ms early. */
const touchedAt = (path: string): number => statSync(`${path}.enc`).birthtimeMs

/** One attack, until a person has released the machine, resolved the ticket, and the canaries are armed again. */
async function runOnce(world: World): Promise<Run> {
  const disks = watchDisks(world)
  const attack = startAttack(world.machines.endpoint, world.documents)
  const { at, path } = await attack.first(world.canaries)
  await world.until(({ isolation }) => isolation.actual === 'isolated')
  attack.stop()
  const touched = touchedAt(path)
  const run = { touched, programMs: touched - at, ...disks.timeline(touched) }
  disks.stop()
  await tidyUp(world, at)
  return run
}

async function tidyUp({ person, endpointId, until, documents }: World, since: number): Promise<void> {
  await person.post(`/api/endpoints/${endpointId}/release`, {
    reason: 'one run of a benchmark is over',
    withoutRestore: 'it is a benchmark',
  })
  await until(({ isolation }) => isolation.actual === 'open')
  // The next attack makes its copies anew, so that they tell when they were begun.
  for (const name of readdirSync(documents, { recursive: true, encoding: 'utf8' })) if (name.endsWith('.enc')) rmSync(join(documents, name))
  writeDocuments(documents, 20)
  const { tickets } = await person.get<TicketList>(`/api/tickets?endpointId=${endpointId}`)
  for (const { id } of tickets.filter(({ kind }) => kind === 'security.ransomware.canary')) {
    const { version } = await person.get<TicketDetail>(`/api/tickets/${id}`)
    await person.post(`/api/tickets/${id}/resolve`, { version, resolution: 'fixed', note: '' })
  }
  await until(({ commands }) =>
    commands.some(({ verb, requestedAt, settledAt }) => verb === 'rearm-canaries' && requestedAt >= since && settledAt !== null),
  )
}

function figuresOf(idle: readonly Run[], loaded: readonly Run[], agents: number): Figures {
  const fsyncMs = fsyncP50()
  const after = (runs: readonly Run[], step: 'rulesApplied' | 'proven', share: number): number =>
    rounded(
      percentile(
        runs.map((run) => run[step] - run.touched),
        share,
      ),
    )
  tell(`idle, ${idle.length} runs`, idle)
  tell(`beside ${agents} agents, ${loaded.length} runs`, loaded)
  const p50 = after(idle, 'rulesApplied', 0.5)
  return {
    ...{ figure: p50, unit: 'ms', yardstick: fsyncMs, ratio: rounded(p50 / fsyncMs, 1) },
    ...{ p50, p99: after(idle, 'rulesApplied', 0.99), provenP50: after(idle, 'proven', 0.5), provenP99: after(idle, 'proven', 0.99) },
    ...{
      loadedP50: after(loaded, 'proven', 0.5),
      loadedP99: after(loaded, 'proven', 0.99),
      runs: idle.length,
      agents,
      fsyncMsP50: fsyncMs,
      programMsP50: rounded(
        percentile(
          idle.map(({ programMs }) => programMs),
          0.5,
        ),
      ),
    },
  }
}

function tell(how: string, runs: readonly Run[]): void {
  console.log(`canary touched → isolation proven, ${how} (ms since touched, p50 and p99 of each step):`)
  for (const step of ['signalOnDisk', 'committed', 'ticket', 'commandSent', 'rulesApplied', 'proven'] as const) {
    const times = runs.map((run) => run[step] - run.touched)
    console.log(`  ${step.padEnd(14)}${[0.5, 0.99].map((share) => percentile(times, share).toFixed(1).padStart(9)).join('')}`)
  }
}
