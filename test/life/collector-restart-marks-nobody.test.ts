import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, it, onTestFinished } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { agentFolder, enrolTestAgent, startTestAgent } from '../support/agent.ts'
import { readRows } from '../support/database.ts'
import { freePort } from '../support/program.ts'
import { startSide } from './nothing-is-lost/process.ts'

/*
 * Nobody is silent because it was the collector that was away: stopped, killed, or standing still for longer than a
 * machine may be silent (here 10 s instead of minutes, and as there longer than an agent waits before it dials again). Then
 * a machine really goes, and gets its ticket, once; the collector is killed while it is away; it comes back, and the ticket
 * closes by itself.
 */

const limitMs = seconds(10)
const within = { timeout: seconds(30), interval: 100 }
const folder = await mkdtemp(join(tmpdir(), 'tierline-silence-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

it('marks nobody silent for its own absence, and a machine that is gone once', { timeout: seconds(240) }, async () => {
  const args = [folder, String(await freePort()), await shortQuiet(), String(limitMs)]
  let collector = await startCollector(args)
  const folders = collector.tokens.map(() => agentFolder())
  for (const [index, token] of collector.tokens.entries()) await enrolTestAgent(token, folders[index] ?? '', `srv-${index}`)
  const [victimDir = '', restartedDir = '', ...otherDirs] = folders
  const agents = await Promise.all(otherDirs.map((dataDir) => startTestAgent({ dataDir })))
  onTestFinished(async () => void (await Promise.all(agents.map((agent) => agent.stop('stop')))))
  const victim = startSide('agent.ts', [victimDir, '0'])
  const restarted = startSide('agent.ts', [restartedDir, '0'])
  await untilSoManyAreHere(4)

  // Stopped and started again.
  await collector.end('SIGTERM')
  collector = await startCollector(args)
  await untilSoManyAreHere(4)

  // Killed, when what it wrote of its agents is older than what a machine may be silent for.
  await expect.poll(() => oldestHeardMs(), within).toBeGreaterThan(limitMs)
  await collector.end('SIGKILL')
  collector = await startCollector(args)
  await untilSoManyAreHere(4)

  // Standing still, while an agent that died just before comes back.
  await restarted.kill('SIGKILL')
  await untilSoManyAreHere(3)
  collector.signal('SIGSTOP')
  startSide('agent.ts', [restartedDir, '1'])
  await sleep(limitMs + seconds(1))
  collector.signal('SIGCONT')
  await sleep(limitMs + seconds(1))
  await untilSoManyAreHere(4)
  expect(await read(`select * from signals where kind like 'presence.%'`)).toEqual([])

  // Really gone.
  await victim.kill('SIGKILL')
  await expect.poll(tickets, within).toMatchObject([{ kind: 'presence.silent', status: 'new', priority: 'P2', occurrences: 1 }])
  await collector.end('SIGKILL')
  collector = await startCollector(args)
  await sleep(limitMs + seconds(2))
  expect(await tickets()).toMatchObject([{ status: 'new', occurrences: 1 }])
  expect(await read(`select state from signals where kind = 'presence.silent'`)).toEqual([{ state: 'raised' }])

  // And back.
  startSide('agent.ts', [victimDir, '1'])
  await expect.poll(tickets, within).toMatchObject([{ kind: 'presence.silent', status: 'resolved', occurrences: 1 }])
  expect(await read(`select state from signals where kind = 'presence.silent' order by arrival`)).toEqual([
    { state: 'raised' },
    { state: 'cleared' },
  ])
})

interface Started {
  tokens: string[]
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

async function startCollector(args: string[]): Promise<Started> {
  const script = join(import.meta.dirname, 'collector-restart/collector.ts')
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return {
    tokens: JSON.parse(line) as string[],
    signal: (signal) => void child.kill(signal),
    end: async (signal) => {
      child.kill(signal)
      await ended
    },
  }
}

/** The matrix that ships; only what is quiet for a second is over. */
async function shortQuiet(): Promise<string> {
  const file = join(folder, 'matrix.yaml')
  const yaml = await readFile(join(import.meta.dirname, '../../server/route/default-matrix.yaml'), 'utf8')
  await writeFile(file, yaml.replace('otherwise: 10m', 'otherwise: 1s'))
  return file
}

const untilSoManyAreHere = (here: number) =>
  expect.poll(() => read('select count(*) as here from presences where is_connected = 1'), within).toEqual([{ here }])
const oldestHeardMs = async () => Date.now() - Number((await read('select min(last_heard_at) as at from presences'))[0]?.at)
const tickets = () => read(`select kind, status, priority, occurrences from tickets where kind like 'presence.%'`)

const read = (sql: string): Promise<Record<string, unknown>[]> => readRows(folder, sql)
