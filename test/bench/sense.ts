import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { seconds } from '#shared/domain/time.ts'
import { startProgram } from '../support/program.ts'
import { type Benchmark, type Figures, fsyncP50, percentile, rounded } from './benchmark.ts'
import { enrolAgents } from './ingest/agents.ts'

const sizes = { whole: { folders: 50 }, quick: { folders: 6 } }
/** Long enough that no signal waits for the one before. */
const pauseMs = 60

export default {
  says: 'ms from a decoy made unreadable by another process to its signal on disk, against one fsync',
  run: async ({ isQuick }) => {
    const folder = mkdtempSync(join(tmpdir(), 'tierline-sense-'))
    try {
      return await measure(folder, (isQuick ? sizes.quick : sizes.whole).folders)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
} satisfies Benchmark

async function measure(folder: string, folders: number): Promise<Figures> {
  const collector = startProgram(['up', '--data', folder, '--port', '0', '--agents-port', '0'])
  await enrolAgents(collector, folder, 1)
  await collector.stop()
  const places = Array.from({ length: folders }, (_, nth) => join(folder, 'documents', String(nth)))
  const script = join(import.meta.dirname, 'sense/agent.ts')
  const child = spawn(process.execPath, [script, join(folder, 'agent-0'), ...places], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  try {
    return figuresOf(await touchAll(child))
  } finally {
    child.kill('SIGTERM')
    await closed
  }
}

/** Each decoy once, as ransomware in place would. @returns ms from the touch to the disk. */
async function touchAll(child: ChildProcess): Promise<number[]> {
  if (!child.stdout) throw new Error('the agent has no output')
  const onDisk = new Map<string, bigint>()
  const { promise: ready, resolve, reject } = Promise.withResolvers<string[]>()
  child.once('close', () => reject(new Error('the agent ended before it had planted its decoys')))
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as { decoys?: string[]; path?: string; atNs?: string }
    if (said.decoys) resolve(said.decoys)
    else if (said.path !== undefined && !onDisk.has(said.path)) onDisk.set(said.path, BigInt(said.atNs ?? 0))
  })
  const decoys = await ready
  const touched = new Map<string, bigint>()
  for (const path of decoys) {
    const bytes = randomBytes(4_096)
    touched.set(path, process.hrtime.bigint())
    writeFileSync(path, bytes)
    await sleep(pauseMs)
  }
  await sleep(seconds(3))
  const missed = decoys.filter((path) => !onDisk.has(path))
  if (missed.length > 0) throw new Error(`${missed.length} of ${decoys.length} decoys were touched, and nothing was said: ${missed[0]}`)
  return [...touched].map(([path, at]) => Number((onDisk.get(path) ?? 0n) - at) / 1e6)
}

function figuresOf(took: readonly number[]): Figures {
  const yardstick = fsyncP50()
  const [p50, p99] = [rounded(percentile(took, 0.5), 1), rounded(percentile(took, 0.99), 1)]
  console.log(`${took.length} decoys, each made unreadable once: signal on disk after ${p50} ms, at most ${rounded(Math.max(...took), 1)}`)
  return {
    figure: p99,
    unit: 'ms, p99',
    yardstick,
    ratio: rounded(p99 / yardstick, 1),
    p50,
    p99,
    touches: took.length,
    fsyncMsP50: yardstick,
  }
}
