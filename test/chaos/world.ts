import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { readToken, writeToken } from '#shared/protocol/enrolment.ts'
import { freePort, top } from '../support/program.ts'
import { enrolRaw } from '../support/raw-agent.ts'
import { AgentSide } from './agent-side.ts'
import { findFaketime, openClock } from './clock.ts'
import { CollectorSide } from './collector-side.ts'
import { openWay, type Way } from './proxy.ts'
import { seeded } from './random.ts'
import { type Repeater, startRepeater } from './repeater.ts'

/*
 * Everything of one run in one folder: a collector, agents, and the ways between them. Enters: how many of what. Leaves:
 * all of it enrolled by real tokens and running. What was started is ended by `close`, whatever state it is in.
 */
export interface World {
  folder: string
  collector: CollectorSide
  agents: readonly AgentSide[]
  repeater: Repeater
  agent(name: string): AgentSide
  way(name: string): Way
  ways: ReadonlyMap<string, Way>
  close(): Promise<void>
}

export interface WorldOrder {
  folder: string
  /** `sqlite`, or the URL of an empty database. */
  database: string
  agents: number
  /** Signals a second, of each agent. */
  rate: number
  seed: number
}

export const repeaterName = 'r1'
export const agentNames = (count: number): string[] => Array.from({ length: count }, (_, index) => `a${index + 1}`)

export async function openWorld({ folder, database, agents: count, rate, seed }: WorldOrder): Promise<World> {
  const teardowns = new AsyncDisposableStack()
  const place = (name: string): string => join(folder, name)
  const library = findFaketime()
  const clockOf = (name: string) => openClock(place(`${name}.clock`), library)
  const collector = new CollectorSide({
    ...{ dataDir: place('collector'), database, port: await freePort(), agentsPort: await freePort() },
    ...{ logFile: place('collector.log'), clock: clockOf('collector') },
  })
  teardowns.defer(() => collector.side.kill())
  collector.side.start()
  await collector.isUp()

  const ways = new Map<string, Way>()
  const openWayFor = async (name: string): Promise<Way> => {
    const way = await openWay(collector.agentsPort)
    teardowns.defer(() => way.close())
    ways.set(name, way)
    return way
  }
  const agents: AgentSide[] = []
  for (const name of agentNames(count)) {
    const dataDir = place(name)
    mkdirSync(dataDir, { mode: 0o700 })
    const about = { dataDir, historyFile: place(`${name}.history`), logFile: place(`${name}.log`), clock: clockOf(name), rate }
    const agent = new AgentSide({ name, ...about })
    await enrol(agent.dataDir, await tokenFor(collector, await openWayFor(name)))
    teardowns.defer(() => agent.side.kill())
    agents.push(agent)
  }
  const who = await enrolRaw(await tokenFor(collector, await openWayFor(repeaterName)), repeaterName)
  const repeater = startRepeater({ name: repeaterName, who, historyFile: place(`${repeaterName}.history`), rate, random: seeded(seed) })
  teardowns.defer(() => repeater.stop())
  for (const { side } of agents) side.start()
  const named = <Item>(found: Item | undefined, name: string): Item => {
    if (found === undefined) throw new TypeError(`nobody here is called ${name}`)
    return found
  }
  return {
    ...{ folder, collector, agents, repeater, ways },
    agent: (name) =>
      named(
        agents.find((agent) => agent.name === name),
        name,
      ),
    way: (name) => named(ways.get(name), name),
    close: () => teardowns.disposeAsync(),
  }
}

/** A real token of this collector, for an agent that reaches it by `way`. */
async function tokenFor(collector: CollectorSide, way: Way): Promise<string> {
  const { file, args } = collector.verb('token')
  const { stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', timeout: 60_000 })
  const token = readToken(/tl1\.[\w-]+/.exec(stdout)?.[0] ?? '')
  if (!token) throw new Error(`no token came: ${stderr}`)
  return writeToken({ ...token, collector: `https://127.0.0.1:${way.port}` })
}

/** By the agent's own command line, with the token on stdin. */
async function enrol(dataDir: string, token: string): Promise<void> {
  const args = [join(top, 'bin/tierline-agent.mjs'), 'enrol', '--data', dataDir]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'inherit'] })
  child.stdin.end(`${token}\n`)
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`an agent could not be enrolled (exit code ${code})`)
}
