import { join } from 'node:path'
import { freePort } from '../support/program.ts'
import { enrolRaw } from '../support/raw-agent.ts'
import type { AgentSide } from './agent-side.ts'
import { type Analyst, startAnalyst } from './analyst.ts'
import { findFaketime, openClock } from './clock.ts'
import { CollectorSide } from './collector-side.ts'
import { type DatabaseServer, openDatabaseServer } from './database.ts'
import { openDisk } from './disk.ts'
import { type Intruder, startIntruder } from './intruder.ts'
import { enrol, openProgramAgent, openTellingAgent, type Site, tokenFor } from './machines.ts'
import { openWay, type Way } from './proxy.ts'
import { seeded } from './random.ts'
import { type Repeater, startRepeater } from './repeater.ts'
import { openSwarm, type SwarmSide, swarmName } from './swarm-side.ts'

/*
 * Everything of one run in one folder: a collector, agents, and the ways between them. Enters: how many of what. Leaves:
 * all of it enrolled by real tokens and running. What was started is ended by `close`, whatever state it is in.
 */
export interface World {
  folder: string
  collector: CollectorSide
  /** Where the collector's database is PostgreSQL. */
  server: DatabaseServer | undefined
  /** As processes of their own. The last one is the program itself with its own detectors, the others tell what they promise. */
  agents: readonly AgentSide[]
  repeater: Repeater
  /** Where some were asked for. */
  swarm: SwarmSide | undefined
  intruder: Intruder
  analyst: Analyst
  ways: ReadonlyMap<string, Way>
  agent(name: string): AgentSide
  way(name: string): Way
  historyFiles(): string[]
  close(): Promise<void>
}

export interface WorldOrder {
  folder: string
  database: 'sqlite' | 'postgres'
  /** That tell what they promise. */
  agents: number
  /** More agents, all in one process; 0: none. */
  swarm: number
  /** Signals a second, of each agent. */
  rate: number
  seed: number
}

export const repeaterName = 'r1'
const programName = 'p1'
export const agentNames = (telling: number): string[] => [...Array.from({ length: telling }, (_, index) => `a${index + 1}`), programName]

const collectorDiskMiB = 512

export async function openWorld(order: WorldOrder): Promise<World> {
  await using built = new AsyncDisposableStack()
  const site: Site = { folder: order.folder, faketime: findFaketime() }
  const server = order.database === 'postgres' ? await startServer(site, built) : undefined
  const collector = await startCollector(site, server?.url ?? 'sqlite', built)
  const ways = new Map<string, Way>()
  const openWayFor = async (name: string): Promise<Way> => {
    const way = await openWay(collector.agentsPort)
    built.defer(() => way.close())
    ways.set(name, way)
    return way
  }
  const authLog = join(order.folder, 'auth.log')
  const agents: AgentSide[] = []
  for (const name of agentNames(order.agents)) {
    const isProgram = name === programName
    const agent = isProgram ? openProgramAgent(site, name, { authLogs: [authLog] }) : openTellingAgent(site, name, order.rate)
    built.defer(() => agent.disk.remove())
    await enrol(agent.dataDir, await tokenFor(collector, await openWayFor(name)))
    built.defer(() => agent.side.kill())
    agents.push(agent)
  }
  const repeater = await startRepeating(site, order, await tokenFor(collector, await openWayFor(repeaterName)))
  built.defer(() => repeater.stop())
  const swarm = order.swarm > 0 ? await openSwarm(site, collector, await openWayFor(swarmName), order.swarm, order.rate) : undefined
  if (swarm) built.defer(() => swarm.side.kill())
  swarm?.side.start()
  const program = find(agents, programName)
  const intruder = startIntruder(program, authLog)
  built.defer(() => intruder.stop())
  for (const { side } of agents) side.start()
  const analyst = startAnalyst(collector)
  built.defer(() => analyst.stop())
  const teardowns = built.move()
  return {
    ...{ folder: order.folder, collector, server, agents, repeater, swarm, intruder, analyst, ways },
    agent: (name) => find(agents, name),
    way: (name) => ways.get(name) ?? nobody(name),
    historyFiles: () => [...agents, repeater, ...(swarm?.members ?? [])].map(({ historyFile }) => historyFile),
    close: () => teardowns.disposeAsync(),
  }
}

async function startServer({ folder }: Site, built: AsyncDisposableStack): Promise<DatabaseServer> {
  const server = await openDatabaseServer(folder)
  if (typeof server === 'string') throw new Error(`PostgreSQL can't be started here: ${server}`)
  built.defer(() => server.stop())
  return server
}

async function startCollector({ folder, faketime }: Site, database: string, built: AsyncDisposableStack): Promise<CollectorSide> {
  const disk = openDisk(join(folder, 'collector'), collectorDiskMiB)
  built.defer(() => disk.remove())
  const clock = openClock(join(folder, 'collector.clock'), faketime)
  const ports = { port: await freePort(), agentsPort: await freePort() }
  const collector = new CollectorSide({ disk, database, clock, logFile: join(folder, 'collector.log'), ...ports })
  built.defer(() => collector.side.kill())
  collector.side.start()
  await collector.isUp()
  return collector
}

async function startRepeating({ folder }: Site, { rate, seed }: WorldOrder, token: string): Promise<Repeater> {
  const who = await enrolRaw(token, repeaterName)
  return startRepeater({ name: repeaterName, who, historyFile: join(folder, `${repeaterName}.history`), rate, random: seeded(seed) })
}

const find = (agents: readonly AgentSide[], name: string): AgentSide => agents.find((agent) => agent.name === name) ?? nobody(name)

function nobody(name: string): never {
  throw new TypeError(`nobody here is called ${name}`)
}
