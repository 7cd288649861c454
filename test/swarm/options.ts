import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Fault, sentenceOf } from '#shared/domain/fault.ts'

export const usage = `Usage: npm run swarm -- [flags]

Connects many agents to a collector, each with the agent's own wire and spool over mutual TLS, lets them send samples and
signals, says every few seconds how it goes, and ends by itself. Ctrl-C ends it sooner.

  --agents N          how many (100)
  --start             with a collector of its own, in a folder that goes with it (the default)
  --data DIR          with a collector that runs on this machine: its data folder, whose CA signs the agents' certificates
  --database URL      postgres://…, when that collector was started with it
  --collector URL     where the agents dial, when it isn't where that collector listened last
  --spool disk|memory where agents keep what is not acknowledged (disk)
  --sample-every S    seconds between two samples of an agent, six of which make a record; 0: none (10)
  --signals N         signals a second, of all agents together (0)
  --ramp S            seconds over which they dial for the first time (2 for each thousand)
  --seconds S         how long they stay once all are connected (60)
  --seed N            the same numbers make the same machines (1)
`

export interface SwarmSettings {
  agents: number
  collector: { kind: 'own' } | { kind: 'running'; dataDir: string; database: string; url: string | undefined }
  spool: 'disk' | 'memory'
  sampleEverySeconds: number
  signalsPerSecond: number
  rampSeconds: number
  seconds: number
  seed: number
}

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const options = {
  ...{ agents: text, data: text, database: text, collector: text, spool: text, signals: text, ramp: text, seconds: text, seed: text },
  ...{ 'sample-every': text, start: flag, help: flag },
}
type Flag = Exclude<keyof typeof options, 'start' | 'help'>
type Given = Partial<Record<Flag, string>>

/** @throws Fault `flag-bad` with one sentence. */
export function readSettings(args: string[]): SwarmSettings | 'help' {
  const { help, start, ...given } = parsed(args)
  if (help) return 'help'
  const agents = numberOf('agents', given, 100, { least: 1, most: 100_000, isWhole: true })
  return {
    agents,
    collector: collectorOf(given, start ?? false),
    spool: spoolOf(given.spool ?? 'disk'),
    sampleEverySeconds: numberOf('sample-every', given, 10, { least: 0, most: 86_400 }),
    signalsPerSecond: numberOf('signals', given, 0, { least: 0, most: 100_000 }),
    rampSeconds: numberOf('ramp', given, agents / 500, { least: 0, most: 86_400 }),
    seconds: numberOf('seconds', given, 60, { least: 0, most: 31_536_000 }),
    seed: numberOf('seed', given, 1, { least: 0, most: 4_294_967_295, isWhole: true }),
  }
}

function parsed(args: string[]) {
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    throw new Fault('flag-bad', sentenceOf(error), { cause: error })
  }
}

function collectorOf({ data, database, collector }: Given, start: boolean): SwarmSettings['collector'] {
  if (data === undefined) {
    if (database === undefined && collector === undefined) return { kind: 'own' }
    throw new Fault('flag-bad', `--${database === undefined ? 'collector' : 'database'} needs --data, the folder of that collector.`)
  }
  if (start) throw new Fault('flag-bad', '--start makes a collector of its own, and --data names one that runs: choose one of them.')
  if (collector !== undefined && URL.parse(collector)?.protocol !== 'https:')
    throw bad('collector', collector, 'a URL such as https://127.0.0.1:7843')
  return { kind: 'running', dataDir: resolve(data), database: database ?? 'sqlite', url: collector }
}

function spoolOf(said: string): 'disk' | 'memory' {
  if (said === 'disk' || said === 'memory') return said
  throw bad('spool', said, '"disk" or "memory"')
}

function numberOf(
  flag: Flag,
  given: Given,
  usual: number,
  { least, most, isWhole = false }: { least: number; most: number; isWhole?: boolean },
) {
  const said = given[flag]
  const number = said === undefined ? usual : Number(said)
  if (said !== '' && number >= least && number <= most && (!isWhole || Number.isInteger(number))) return number
  throw bad(flag, said ?? '', `a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}`)
}

const bad = (flag: Flag, said: string, wanted: string): Fault =>
  new Fault('flag-bad', `--${flag} is ${JSON.stringify(said)}; it must be ${wanted}.`)

/** An agent has a socket, and on disk three open files besides; a collector has a socket for each. */
const filesPerAgent = { memory: 1, disk: 4 }
const filesBesides = 200

/** @throws Fault `too-few-files` where so many agents would have more files open than one process may. */
export function checkOpenFiles({ agents, spool }: Pick<SwarmSettings, 'agents' | 'spool'>, limit = openFilesLimit()): void {
  const needed = agents * filesPerAgent[spool] + filesBesides
  if (needed <= limit) return
  const memory = spool === 'disk' && agents + filesBesides <= limit ? ', or keep the spools in memory with --spool memory' : ''
  throw new Fault(
    'too-few-files',
    `${agents} agents need ${needed} open files, and this process may have ${limit}: allow more with ulimit -n${memory}.`,
  )
}

/** Node raises the soft limit to the hard one by itself. */
function openFilesLimit(): number {
  if (process.platform !== 'linux') return Number.POSITIVE_INFINITY
  return Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Number.POSITIVE_INFINITY)
}
