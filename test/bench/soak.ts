import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { hours, minutes } from '#shared/domain/time.ts'
import { startProgram } from '../support/program.ts'
import { type Benchmark, type Figures, rounded } from './benchmark.ts'
import { enrolAgents } from './ingest/agents.ts'
import { rssMiB } from './ingest/process-figures.ts'
import type { Progress } from './soak/agent.ts'

const signalsPerSecond = 100
/** The bound that an agent ships with takes just about an hour of this; a quarter of it is full after a quarter of the time. */
const spoolMaxBytes = 67_108_864
const quickSpoolMaxBytes = 8_388_608
const mebibyte = 1_048_576

interface Reading extends Progress {
  rssMiB: number
  spoolMiB: number
}

/** `--minutes N` takes N real minutes at 100 signals/s; without it an hour's worth is said as fast as the disk takes it. */
export default {
  says: 'MiB that an agent grows by once its spool is full, its collector away for an hour at 100 signals/s (--minutes N: in real time)',
  run: async ({ isQuick }) => {
    const folder = await mkdtemp(join(tmpdir(), 'tierline-bench-'))
    try {
      return await measure(folder, isQuick)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
} satisfies Benchmark

async function measure(folder: string, isQuick: boolean): Promise<Figures> {
  const collector = startProgram(['up', '--data', folder, '--port', '0', '--agents-port', '0'])
  await enrolAgents(collector, folder, 1)
  await collector.stop()
  const { values } = parseArgs({ args: process.argv.slice(2), options: { minutes: { type: 'string' } }, strict: false })
  const overMs = minutes(Number(values.minutes ?? 0))
  const signals = overMs > 0 ? (overMs / 1_000) * signalsPerSecond : (hours(1) / 1_000) * signalsPerSecond * (isQuick ? 0.1 : 1)
  const bound = isQuick ? quickSpoolMaxBytes : spoolMaxBytes
  const dataDir = join(folder, 'agent-0')
  const script = join(import.meta.dirname, 'soak/agent.ts')
  const args = ['--expose-gc', script, dataDir, String(signals), String(overMs), String(bound)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const readings = await readingsOf(child, join(dataDir, 'spool'))
  console.log(
    overMs > 0
      ? `${signals} signals in ${values.minutes} minutes`
      : `${signals} signals as fast as the disk took them; only their stamps say an hour`,
  )
  return figuresOf(readings, bound / mebibyte)
}

async function readingsOf(child: ChildProcess, spoolDir: string): Promise<Reading[]> {
  const readings: Reading[] = []
  const ended = once(child, 'close')
  if (!child.stdout) throw new TypeError('the agent has no stdout')
  for await (const line of createInterface({ input: child.stdout })) {
    const progress = JSON.parse(line) as Progress
    const reading = { ...progress, rssMiB: rssMiB(child.pid ?? 0), spoolMiB: await sizeOf(spoolDir) }
    readings.push(reading)
    const [said, rss, heap, spool] = [reading.said, reading.rssMiB, reading.heapMiB, reading.spoolMiB].map(Math.round)
    if (reading.said % 20_000 === 0) console.log(`${said} signals: ${rss} MiB resident, ${heap} MiB heap, spool ${spool} MiB`)
  }
  await ended
  return readings
}

async function sizeOf(spoolDir: string): Promise<number> {
  const names = await readdir(spoolDir, { recursive: true })
  const sizes = names.filter((name) => name.endsWith('.log')).map((name) => stat(join(spoolDir, name)).catch(() => undefined))
  return (await Promise.all(sizes)).reduce((sum, found) => sum + (found?.size ?? 0), 0) / mebibyte
}

/** Full is a spool that has dropped something: within one segment of its bound. */
function figuresOf(readings: Reading[], boundMiB: number): Figures {
  const atBound = readings.find(({ spoolMiB }) => spoolMiB > boundMiB - 1.5)
  const [first, last] = [readings[0], readings.at(-1)]
  if (!atBound || !first || !last) throw new Error('the spool never reached its bound')
  const after = readings.filter(({ said }) => said >= atBound.said)
  const figure = rounded(last.rssMiB - atBound.rssMiB, 1)
  const yardstick = rounded(atBound.rssMiB, 1)
  return {
    ...{ figure, unit: 'MiB', yardstick, ratio: rounded(figure / yardstick, 3) },
    ...{ signals: last.said, signalsAtBound: atBound.said, spoolMiB: rounded(last.spoolMiB, 1), boundMiB },
    ...{ rssMiBFirst: rounded(first.rssMiB, 1), rssMiBMost: rounded(Math.max(...after.map((reading) => reading.rssMiB)), 1) },
    ...{ heapMiBAtBound: rounded(atBound.heapMiB, 1), heapMiBAtEnd: rounded(last.heapMiB, 1) },
  }
}
