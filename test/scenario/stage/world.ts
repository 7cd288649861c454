import { type ChildProcess, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { z } from 'zod'
import type { Organisation } from '#shared/api/administration.ts'
import type { EndpointDetail, EndpointList, EnrolmentTokenMade } from '#shared/api/endpoints.ts'
import { type ApiClient, signIn } from '../../support/api.ts'
import { type Machine, type Network, openNetwork, whyNoNamespaces } from '../../support/namespaces.ts'
import { top } from '../../support/program.ts'

/*
 * Three machines on a network of their own: a real collector, one endpoint with a real agent, and a neighbour whose
 * share the endpoint has open. The organisation is live, the endpoint a workstation, and a person is signed in.
 */
export interface World {
  machines: Record<'collector' | 'endpoint' | 'neighbour', Machine>
  tap: Network<'collector' | 'endpoint' | 'neighbour'>['tap']
  /** At the console. */
  person: ApiClient
  endpointId: string
  /** Lies on the endpoint; the agent has put its canaries into it. */
  documents: string
  canaries: string[]
  databaseFile: string
  spoolFolder: string
  agentData: string
  agent: AgentProcess
  /** An agent on the neighbour too, of the same organisation: who can confirm an isolation. Resolves once it was told to keep asking the endpoint. */
  addNeighboursAgent(): Promise<void>
  endpoint(): Promise<EndpointDetail>
  /** Resolves once it is so; rejects with what it was instead. */
  until(isSo: (endpoint: EndpointDetail) => boolean, withinMs?: number): Promise<EndpointDetail>
  close(): Promise<void>
}

/** The agent on the endpoint, as a process that can be lost and come back. */
export interface AgentProcess {
  start(): void
  pid(): number
  kill(): Promise<void>
}

export const agentsPort = 7843
export const sharePort = 445
const node = process.execPath
const agentProgram = join(top, 'bin/tierline-agent.mjs')
const support = (name: string): string => join(top, 'test/support', name)

export function whyNoWorld(): string | undefined {
  const why = whyNoNamespaces()
  if (why) return why
  return spawnSync('openssl', ['version']).error ? 'openssl was not found; install the package openssl' : undefined
}

export interface WorldOptions {
  /** What runs as the agent of the endpoint. */
  program?: string
  /** By machine, on which of this one's it runs alone. */
  processors?: Partial<Record<keyof World['machines'], number>>
  /** How often the person looks: each look is work for the collector. */
  lookEveryMs?: number
}

/** @param fill puts what people have into the documents folder, before the agent adds its canaries; its data folder is empty by then. */
export async function openWorld(fill: (documents: string, agentData: string) => void, options: WorldOptions = {}): Promise<World> {
  const network = openNetwork(['collector', 'endpoint', 'neighbour'], options.processors)
  const folder = mkdtempSync(join(tmpdir(), 'tierline-world-'))
  const close = async (): Promise<void> => {
    network.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  try {
    return { ...(await furnish(network.machines, folder, fill, options)), close, tap: network.tap }
  } catch (error) {
    await close()
    throw error
  }
}

async function furnish(
  machines: World['machines'],
  folder: string,
  fill: (documents: string, agentData: string) => void,
  { program = agentProgram, lookEveryMs = 50 }: WorldOptions,
): Promise<Omit<World, 'close' | 'tap'>> {
  const data = join(folder, 'collector')
  const agentData = join(folder, 'agent')
  const documents = join(folder, 'documents')
  fill(documents, agentData)
  const person = await startCollector(machines.collector, data)
  const organisationId = await makeOrganisation(person)
  const token = await makeToken(person, organisationId)
  await openShare(machines)
  const agent = enrolAgent(machines.endpoint, agentData, documents, token, program)
  agent.start()

  const endpointId = await firstEndpoint(person)
  const endpoint = (): Promise<EndpointDetail> => person.get(`/api/endpoints/${endpointId}`)
  const until: World['until'] = (isSo, withinMs = 60_000) => untilSo(endpoint, isSo, withinMs, lookEveryMs)
  const ready = await until(({ inventory, isConnected }) => isConnected && (inventory?.agent.canaries.length ?? 0) > 0)
  return {
    ...{ machines, person, endpointId, documents, agent, endpoint, until },
    addNeighboursAgent: async () => {
      // One kernel shows the attack to both agents; of a server people are asked first, so that it stays to confirm.
      const another = await makeToken(person, organisationId, 'server')
      enrolAgent(machines.neighbour, join(folder, 'neighbour'), join(folder, 'neighbours-documents'), another, agentProgram).start()
      const other = async (): Promise<EndpointDetail | undefined> => {
        const { endpoints } = await person.get<EndpointList>('/api/endpoints')
        const found = endpoints.find(({ id }) => id !== endpointId)
        return found && person.get(`/api/endpoints/${found.id}`)
      }
      await untilSo(other, (found) => found?.isConnected === true && found.inventory !== null, 60_000, lookEveryMs)
      await until(({ isolation }) => isolation.keptBy > 0)
    },
    canaries: ready.inventory?.agent.canaries ?? [],
    databaseFile: join(data, 'tierline.db'),
    spoolFolder: join(agentData, 'spool'),
    agentData,
  }
}

async function startCollector(machine: Machine, data: string): Promise<ApiClient> {
  const child = machine.spawn(node, [support('collector-process.ts'), '--data', data, '--address', machine.ipv4], pipes)
  const {
    consoleUrl,
    socketPath,
    signIn: first,
  } = JSON.parse(await firstLine(child, 'the collector')) as {
    consoleUrl: string
    socketPath: string
    signIn: { login: string; password: string }
  }
  return signIn(consoleUrl, first.login, first.password, socketPath)
}

async function makeOrganisation(person: ApiClient): Promise<string> {
  const organisation = await person.post<z.infer<typeof Organisation>>('/api/organisations', {
    ...{ name: 'Scenario', mode: 'live', timeZone: 'Europe/Berlin' },
  })
  return organisation.id
}

async function makeToken(person: ApiClient, organisationId: string, role: 'workstation' | 'server' = 'workstation'): Promise<string> {
  const made = await person.post<z.infer<typeof EnrolmentTokenMade>>('/api/enrolment-tokens', { organisationId, role })
  return made.token
}

/** The neighbour offers a share, and the endpoint has it open: what an intruder would spread over. */
async function openShare({ endpoint, neighbour }: World['machines']): Promise<void> {
  await firstLine(neighbour.spawn(node, [support('peer.ts'), 'listen', String(sharePort)], pipes), 'the neighbour')
  await firstLine(endpoint.spawn(node, [support('peer.ts'), 'hold', neighbour.ipv4, String(sharePort)], pipes), 'the endpoint')
}

function enrolAgent(machine: Machine, data: string, documents: string, token: string, program: string): AgentProcess {
  const enrolled = machine.run(node, [agentProgram, 'enrol', '--data', data], `${token}\n`)
  if (enrolled.code !== 0) throw new Error(`the agent could not be enrolled: ${enrolled.stderr}`)
  const env = { TIERLINE_AGENT_LOG_LEVEL: 'error', ...process.env }
  let child: ChildProcess | undefined
  return {
    start: () => {
      child = machine.spawn(node, [program, 'run', '--data', data, '--canaries', documents], { stdio: ['pipe', 'inherit', 'inherit'], env })
    },
    pid: () => child?.pid ?? 0,
    kill: async () => {
      if (!child) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function firstEndpoint(person: ApiClient): Promise<string> {
  const { endpoints } = await person.get<EndpointList>('/api/endpoints')
  const id = endpoints[0]?.id
  if (!id) throw new Error('the collector knows no endpoint')
  return id
}

async function untilSo<Read extends EndpointDetail | undefined>(
  read: () => Promise<Read>,
  isSo: (endpoint: Read) => boolean,
  withinMs: number,
  everyMs: number,
): Promise<Read> {
  const endsAt = performance.now() + withinMs
  for (;;) {
    const endpoint = await read()
    if (isSo(endpoint)) return endpoint
    if (performance.now() > endsAt) throw new Error(`it did not come true in time; the endpoint is ${JSON.stringify(endpoint?.isolation)}`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}

const pipes = { stdio: ['pipe', 'pipe', 'inherit'] } as const satisfies { stdio: ['pipe', 'pipe', 'inherit'] }

async function firstLine(child: ChildProcess, who: string): Promise<string> {
  if (!child.stdout) throw new Error(`${who} has no output`)
  const lines = createInterface({ input: child.stdout })
  const ended = once(child, 'close').then(() => Promise.reject(new Error(`${who} ended before it said anything`)))
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string]
  return line
}

/** Whether a real connection comes about: "connected", or why not. */
export function tryConnection(from: Machine, address: string, port: number): Promise<string> {
  return firstLine(from.spawn(node, [support('peer.ts'), 'connect', address, String(port)], pipes), 'the try')
}
