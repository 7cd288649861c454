import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readToken, writeToken } from '#shared/protocol/enrolment.ts'
import { top } from '../support/program.ts'
import type { AgentOrder } from './agent-process.ts'
import { AgentSide } from './agent-side.ts'
import { openClock } from './clock.ts'
import type { CollectorSide } from './collector-side.ts'
import { openDisk } from './disk.ts'
import type { Way } from './proxy.ts'
import type { Program } from './side.ts'

/** Where the pieces of one run lie. */
export interface Site {
  folder: string
  faketime: string | undefined
}

/** Room for what an agent gathers in minutes; little enough to be filled in an instant. */
const agentDiskMiB = 48

/** An agent whose history is written by its own process: see agent-process.ts. */
export function openTellingAgent(site: Site, name: string, rate: number): AgentSide {
  const script = join(import.meta.dirname, 'agent-process.ts')
  return openAgent(site, name, (dataDir) => {
    const order: AgentOrder = { name, dataDir, historyFile: historyOf(site, name), rate }
    return { file: process.execPath, args: [script, JSON.stringify(order)] }
  })
}

/** The program itself, with its own detectors on this machine. It ends when its stdin does, as any trial's agent. */
export function openProgramAgent(site: Site, name: string, settings: Record<string, unknown>): AgentSide {
  const script = join(top, 'bin/tierline-agent.mjs')
  const agent = openAgent(site, name, (dataDir) => ({ file: process.execPath, args: [script, 'run', '--trial', '--data', dataDir] }))
  writeFileSync(join(agent.dataDir, 'agent.json'), JSON.stringify(settings))
  return agent
}

const historyOf = ({ folder }: Site, name: string): string => join(folder, `${name}.history`)

function openAgent(site: Site, name: string, program: (dataDir: string) => Program): AgentSide {
  const { folder, faketime } = site
  const clock = openClock(join(folder, `${name}.clock`), faketime)
  const disk = openDisk(join(folder, name), agentDiskMiB)
  const agent = new AgentSide({ name, disk, historyFile: historyOf(site, name), logFile: join(folder, `${name}.log`), clock, program })
  mkdirSync(agent.dataDir, { mode: 0o700 })
  return agent
}

/** A real token of this collector, for an agent that reaches it by `way`. */
export async function tokenFor(collector: CollectorSide, way: Way): Promise<string> {
  const { file, args } = collector.verb('token')
  const { stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', timeout: 60_000 })
  const token = readToken(/tl1\.[\w-]+/.exec(stdout)?.[0] ?? '')
  if (!token) throw new Error(`no token came: ${stderr}`)
  return writeToken({ ...token, collector: `https://127.0.0.1:${way.port}` })
}

/** By the agent's own command line, with the token on stdin. */
export async function enrol(dataDir: string, token: string): Promise<void> {
  const args = [join(top, 'bin/tierline-agent.mjs'), 'enrol', '--data', dataDir]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'inherit'] })
  child.stdin.end(`${token}\n`)
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`an agent could not be enrolled (exit code ${code})`)
}
