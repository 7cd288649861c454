import { setTimeout as sleep } from 'node:timers/promises'
import { sentenceOf } from '#shared/domain/fault.ts'
import { seconds } from '#shared/domain/time.ts'
import { type Accounts, type AgentHistory, settle } from './check.ts'
import type { Fault } from './fault.ts'
import { readHistory } from './history.ts'
import { type MemoryWatch, watchMemory } from './memory.ts'
import { ordersOf } from './orders.ts'
import { type Planned, planFaults } from './plan.ts'
import { seeded } from './random.ts'
import type { Side } from './side.ts'
import { type Found, look } from './stored.ts'
import { swarmName } from './swarm-side.ts'
import { agentNames, openWorld, repeaterName, type World } from './world.ts'

/*
 * A collector and agents live through a plan of faults; then everything heals, whatever was promised has its chance to
 * arrive, and the books are settled. Enters: a seed. Leaves: the accounts, and what else went wrong in one sentence each.
 */
export interface ChaosOrder {
  folder: string
  database: 'sqlite' | 'postgres'
  seed: number
  forMs: number
  agents: number
  swarm: number
  rate: number
  /** Between two faults, on average. */
  everyMs: number
  longestMs: number
  /** How long everything may take to arrive once all has healed. */
  settleMs: number
  faults: ReadonlyMap<string, Fault>
}

export interface Outcome {
  accounts: Accounts
  /** What must not be, besides what is lost and doubled. */
  wrongs: string[]
  faultsBefallen: number
  gaps: number
  commands: { begun: number; runs: number }
  starts: Record<string, number>
  memoryMiB: Record<string, number>
}

/** An agent that waits between two tries waits a minute at most; the other half is for bringing what it has. */
const maxCollectorMiB = 800
const maxAgentMiB = 400

export function planOf(order: ChaosOrder): Planned[] {
  const agents = agentNames(order.agents)
  const swarm = order.swarm > 0 ? [swarmName] : []
  const targets = { collector: ['collector'], agent: agents, way: [...agents, repeaterName, ...swarm], swarm }
  return planFaults({ ...order, targets })
}

/** @throws the reason of `stop`, once nothing of it runs any more. */
export async function runChaos(order: ChaosOrder, say: (line: string) => void, stop: AbortSignal): Promise<Outcome> {
  const world = await openWorld(order)
  const memory = watchMemory(sidesOf(world))
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  stop.addEventListener('abort', () => reject(stop.reason), { once: true })
  try {
    return await Promise.race([live(world, memory, order, say), stopped])
  } finally {
    memory.stop()
    await world.close()
  }
}

async function live(world: World, memory: MemoryWatch, order: ChaosOrder, say: (line: string) => void): Promise<Outcome> {
  const plan = planOf(order)
  await untilConnected(world)
  const troubles = await befall(world, plan, order, say)
  say('all faults are over; what was promised may arrive now')
  heal(world)
  const found = await untilSettled(world, order.settleMs)
  return outcomeOf(world, { plan, found, memory, troubles })
}

const startsWithinMs = seconds(90)

async function untilConnected({ collector, agents }: World): Promise<void> {
  const giveUpAt = performance.now() + startsWithinMs
  for (let away = agents; away.length > 0; await sleep(200)) {
    const { connected } = await look(collector)
    away = agents.filter(({ endpointId }) => !connected.has(endpointId))
    if (performance.now() > giveUpAt)
      throw new Error(`not connected: ${away.map(({ name, side }) => `${name} (${side.tail()})`).join(', ')}`)
  }
}

/** Plays the plan; resolves when the last fault is over. A fault that could not be done is a wrong. */
async function befall(world: World, plan: readonly Planned[], order: ChaosOrder, say: (line: string) => void): Promise<string[]> {
  const beganAt = performance.now()
  const troubles: string[] = []
  const now = (): string => `${((performance.now() - beganAt) / 1_000).toFixed(1).padStart(6)} s`
  const running: Promise<void>[] = []
  for (const planned of plan) {
    await sleep(Math.max(0, planned.atMs - (performance.now() - beganAt)))
    const { fault: name, target, forMs } = planned
    say(`${now()}  ${name.padEnd(18)} ${target.padEnd(9)} for ${(forMs / 1_000).toFixed(1)} s`)
    const befalling = order.faults.get(name)?.befall(world, { target, forMs, random: seeded(planned.seed) })
    const over = (detail = ''): void => void (detail !== '' && say(`${now()}  ${name.padEnd(18)} ${target.padEnd(9)} ${detail}`))
    const failed = (error: unknown): void => void troubles.push(`the fault ${name} of ${target} could not be done: ${sentenceOf(error)}`)
    running.push(Promise.resolve(befalling).then(over, failed))
  }
  await sleep(Math.max(0, order.forMs - (performance.now() - beganAt)))
  await Promise.all(running)
  return troubles
}

function heal(world: World): void {
  for (const way of world.ways.values()) way.heal()
  for (const { clock } of [world.collector, ...world.agents]) clock.shift(0)
  world.repeater.quiet()
  world.intruder.stop()
  void world.analyst.stop()
  for (const side of sidesOf(world)) side.tell('quiet')
}

const lookEveryMs = seconds(2)

/** Looks until nothing is missing any more, or the time is up; then once more, for what comes twice. */
async function untilSettled(world: World, settleMs: number): Promise<Found | string> {
  const giveUpAt = performance.now() + settleMs
  for (;;) {
    await sleep(lookEveryMs)
    // A full disk may have ended it later than it was full.
    await world.server?.start()
    const found = await look(world.collector).catch(sentenceOf)
    const isSettled = typeof found !== 'string' && openEnds(world, found).length === 0
    if (!isSettled && performance.now() < giveUpAt) continue
    await sleep(lookEveryMs)
    return look(world.collector).catch(sentenceOf)
  }
}

/** What may still come to be so. */
function openEnds(world: World, found: Found): string[] {
  const { lost } = settle(historiesOf(world), found.signals, found.gaps)
  return [
    ...(lost.length > 0 ? [`signals lost: ${lost.length}, such as ${lost.slice(0, 5).join(', ')}`] : []),
    ...(world.repeater.isSettled() ? [] : ['the repeater has not had everything acknowledged']),
    ...(found.unsettled > 0 ? [`${found.unsettled} commands have no answer`] : []),
    ...(found.unhandled > 0 ? [`the pipeline has left ${found.unhandled} signals`] : []),
    ...world.agents.flatMap((agent) => openEndsOf(agent, found)),
  ]
}

function openEndsOf({ name, endpointId, historyFile, side }: World['agents'][number], found: Found): string[] {
  const lines = readHistory(historyFile)
  const quiet = lines.findLast((line) => line.what === 'quiet')
  const isTelling = lines.some((line) => line.what === 'attempted')
  if (isTelling && !quiet) {
    side.tell('quiet')
    return [`${name} does not come to rest`]
  }
  const wanted = (quiet?.standing ?? []).map((about) => `chaos.condition:${about}`).join(', ')
  const held = [...(found.conditions.get(endpointId) ?? [])].sort().join(', ')
  return [
    ...(held === wanted ? [] : [`of ${name} the collector holds for true: ${held || 'nothing'}; true is: ${wanted || 'nothing'}`]),
    ...(found.connected.has(endpointId) ? [] : [`${name} is not connected`]),
  ]
}

const sidesOf = ({ collector, agents, swarm }: World): Side[] => [
  collector.side,
  ...agents.map(({ side }) => side),
  ...(swarm ? [swarm.side] : []),
]

function historiesOf({ agents, repeater, swarm }: World): AgentHistory[] {
  const all = [...agents, { name: repeaterName, ...repeater }, ...(swarm?.members ?? [])]
  return all.map(({ name, endpointId, historyFile }) => ({ agent: name, endpointId, lines: readHistory(historyFile) }))
}

interface Ended {
  plan: readonly Planned[]
  found: Found | string
  memory: MemoryWatch
  troubles: string[]
}

function outcomeOf(world: World, { plan, found, memory, troubles }: Ended): Outcome {
  if (typeof found === 'string') throw new Error(`the collector's database can't be read: ${found}`)
  const accounts = settle(historiesOf(world), found.signals, found.gaps)
  const memoryMiB = Object.fromEntries(memory.most)
  const sides = sidesOf(world)
  const orders = world.agents.map((agent) => ordersOf(agent, world.analyst.asked.get(agent.endpointId) ?? 0))
  const wrongs = [
    ...troubles,
    ...openEnds(world, found),
    ...accounts.doubled.map((key) => `${key} is stored twice`),
    ...accounts.misordered.map((key) => `${key} came after a later one`),
    ...accounts.unsaid.map((key) => `${key} was forgotten, and no gap says so`),
    ...accounts.invented.map((key) => `${key} is stored, and nobody said it`),
    ...found.doubledTickets.map((ticket) => `more than one ticket for ${ticket}`),
    ...found.miscounted.map((ticket) => `the ticket of ${ticket}`),
    ...orders.flatMap((each) => each.wrongs),
    ...found.silences.map(({ endpointId }) => `${endpointId} was called silent`),
    ...sides.flatMap(({ name, falls }) => falls.map((how) => `${name} ended by itself (${how})`)),
    ...Object.entries(memoryMiB)
      .filter(([name, most]) => most > (name === 'collector' ? maxCollectorMiB : maxAgentMiB))
      .map(([name, most]) => `${name} took ${most} MiB`),
  ]
  const starts = Object.fromEntries(sides.map((side) => [side.name, side.starts]))
  const commands = { begun: sumOf(orders.map(({ begun }) => begun)), runs: sumOf(orders.map(({ runs }) => runs)) }
  return { accounts, wrongs, faultsBefallen: plan.length, gaps: found.gaps.length, commands, starts, memoryMiB }
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0)
