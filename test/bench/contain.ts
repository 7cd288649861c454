import { readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TicketDetail, TicketList } from '#shared/api/tickets.ts'
import { seconds } from '#shared/domain/time.ts'
import { startAttack, writeDocuments } from '../scenario/stage/attack.ts'
import { type Timeline, watchDisks } from '../scenario/stage/timeline.ts'
import { agentsPort, openWorld, type World, whyNoWorld } from '../scenario/stage/world.ts'
import { top } from '../support/program.ts'
import { type Benchmark, type Figures, fsyncP50, percentile, rounded } from './benchmark.ts'
import { type KernelWrites, traceWrites } from './kernel-writes.ts'

/** The first is the slowest by far and one of them: with fewer, it alone would be the p99. */
const sizes = { whole: { runs: 120, agents: 2_000 }, quick: { runs: 4, agents: 50 } }
/** A collector that has stood for a while: after its drill. */
const standsMs = seconds(10)
/** Files that turned unreadable are told of later than decoys, and also then the machine is cut off. */
const saidWithinMs = 500
/** In the field nobody who encrypts an endpoint keeps the collector's processor busy. */
const processors = { endpoint: 0, collector: 1 }

export default {
  says: 'from a canary touched by a real openssl loop to the ruleset and to its proof, idle and beside 2,000 agents, against one fsync (root, Linux)',
  run: async ({ isQuick }) => {
    const why = whyNoWorld()
    if (why) throw new Error(`The benchmark contain can't run here: ${why}.`)
    const size = isQuick ? sizes.quick : sizes.whole
    const world = await openWorld((documents) => writeDocuments(documents, 20), { processors, lookEveryMs: 250 })
    const writes = traceWrites('openssl')
    if (!writes) console.log('this kernel tells nobody when a file was written: a decoy counts as touched up to 4 ms before it was')
    try {
      await sleep(standsMs)
      const idle = await runMany(world, writes, size.runs)
      const stopSwarm = await startSwarmBeside(world, size.agents)
      const loaded = await runMany(world, writes, size.runs).finally(stopSwarm)
      return figuresOf(idle, loaded, size.agents)
    } finally {
      writes?.stop()
      await world.close()
    }
  },
} satisfies Benchmark

async function runMany(world: World, writes: KernelWrites | undefined, count: number): Promise<Run[]> {
  const runs: Run[] = []
  while (runs.length < count) runs.push(...(await runOnce(world, writes)))
  return runs
}

/** On the neighbour's machine, with the collector's CA; they send their samples every ten seconds. Resolves once all are connected. */
async function startSwarmBeside({ machines, databaseFile }: World, agents: number): Promise<() => void> {
  const where = ['--data', dirname(databaseFile), '--collector', `https://${machines.collector.ipv4}:${agentsPort}`]
  const script = join(top, 'test/swarm/run.ts')
  const child = machines.neighbour.spawn(process.execPath, [
    ...[script, '--agents', String(agents), '--spool', 'memory', '--ramp', String(Math.ceil(agents / 100)), '--seconds', '3600', ...where],
  ])
  child.stderr?.pipe(process.stderr)
  if (!child.stdout) throw new Error('the swarm has no output')
  for await (const line of createInterface({ input: child.stdout }))
    if (line.includes(` ${agents} of ${agents} connected`)) return () => void child.kill('SIGTERM')
  throw new Error('the swarm ended before all of it was connected')
}

interface Run extends Timeline {
  /** The sealed copy of a decoy was written, by the kernel's trace; where there is none, as `fileTime`. */
  touched: number
  /** The same as its file says it: up to 4 ms early. */
  fileTime: number
  /** Its empty file had come to be: from there to `touched` the attacker's program makes its key. */
  begun: number
  /** Until the program that was started on it had read its libraries, and had begun it. */
  programMs: number
}

/** Before the sealed copy was written, a decoy had been read and nothing else: nobody can tell that from a backup. */
function instantsOf(path: string, writes: KernelWrites | undefined): Pick<Run, 'touched' | 'fileTime' | 'begun'> {
  const { birthtimeMs, mtimeMs } = statSync(`${path}.enc`)
  return { begun: birthtimeMs, fileTime: mtimeMs, touched: writes?.firstAfter(mtimeMs) ?? mtimeMs }
}

/**
 * One attack, until a person has released the machine, resolved the tickets, and the canaries are armed again. None: the machine was cut
 * off before a decoy was touched, by what the attack before it did.
 */
async function runOnce(world: World, writes: KernelWrites | undefined): Promise<Run[]> {
  const disks = watchDisks(world)
  const attack = startAttack(world.machines.endpoint, world.documents)
  const { at, path } = await attack.first(world.canaries)
  await world.until(({ isolation }) => isolation.actual === 'isolated')
  attack.stop()
  const { begun, fileTime, touched } = instantsOf(path, writes)
  const timeline = disks.timeline(fileTime)
  disks.stop()
  await tidyUp(world, at)
  if (timeline) return [{ touched, fileTime, begun, programMs: begun - at, ...timeline }]
  console.log('a run was cut off before its first decoy was touched, and is not counted')
  return []
}

async function tidyUp(world: World, since: number): Promise<void> {
  const { person, endpointId, endpoint, until, documents } = world
  await sleep(saidWithinMs)
  await release(world)
  // The next attack makes its copies anew, so that they tell when they were begun.
  for (const name of readdirSync(documents, { recursive: true, encoding: 'utf8' })) if (name.endsWith('.enc')) rmSync(join(documents, name))
  writeDocuments(documents, 20)
  const { tickets } = await person.get<TicketList>(`/api/tickets?endpointId=${endpointId}`)
  for (const { id } of tickets.filter(({ kind }) => kind.startsWith('security.ransomware.'))) {
    const { version } = await person.get<TicketDetail>(`/api/tickets/${id}`)
    await person.post(`/api/tickets/${id}/resolve`, { version, resolution: 'fixed', note: '' })
  }
  await until(({ commands }) =>
    commands.some(({ verb, requestedAt, settledAt }) => verb === 'rearm-canaries' && requestedAt >= since && settledAt !== null),
  )
  if ((await endpoint()).isolation.desired === 'isolated') await release(world)
}

async function release({ person, endpointId, until }: World): Promise<void> {
  await until(({ isolation }) => isolation.actual === 'isolated')
  await person.post(`/api/endpoints/${endpointId}/release`, {
    reason: 'one run of a benchmark is over',
    withoutRestore: 'it is a benchmark',
  })
  await until(({ isolation }) => isolation.actual === 'open')
}

function figuresOf(idle: readonly Run[], loaded: readonly Run[], agents: number): Figures {
  const fsyncMs = fsyncP50()
  const p = (runs: readonly Run[], ms: (run: Run) => number, share: number): number => rounded(percentile(runs.map(ms), share))
  const applied = (run: Run): number => run.rulesApplied - run.touched
  const proven = (run: Run): number => run.proven - run.touched
  const [first] = idle
  tell(`idle, ${idle.length} runs`, idle)
  tell(`beside ${agents} agents, ${loaded.length} runs`, loaded)
  const p50 = p(idle, applied, 0.5)
  return {
    ...{ figure: p50, unit: 'ms', yardstick: fsyncMs, ratio: rounded(p50 / fsyncMs, 1) },
    ...{ p50, p99: p(idle, applied, 0.99), provenP50: p(idle, proven, 0.5), provenP99: p(idle, proven, 0.99) },
    ...{ loadedP50: p(loaded, proven, 0.5), loadedP99: p(loaded, proven, 0.99) },
    ...{ firstApplied: first ? rounded(applied(first)) : Number.NaN, firstProven: first ? rounded(proven(first)) : Number.NaN },
    ...{
      fileTimeP50: p(idle, (run) => run.rulesApplied - run.fileTime, 0.5),
      fileTimeP99: p(idle, (run) => run.rulesApplied - run.fileTime, 0.99),
    },
    ...{ sinceBegunP50: p(idle, (run) => run.rulesApplied - run.begun, 0.5), programMsP50: p(idle, ({ programMs }) => programMs, 0.5) },
    ...{ runs: idle.length, agents, fsyncMsP50: fsyncMs },
  }
}

function tell(how: string, runs: readonly Run[]): void {
  console.log(`canary touched → isolation proven, ${how} (ms since touched, p50 and p99 of each step):`)
  for (const step of ['signalOnDisk', 'committed', 'ticket', 'commandSent', 'rulesApplied', 'proven'] as const) {
    const times = runs.map((run) => run[step] - run.touched)
    console.log(`  ${step.padEnd(14)}${[0.5, 0.99].map((share) => percentile(times, share).toFixed(1).padStart(9)).join('')}`)
  }
}
