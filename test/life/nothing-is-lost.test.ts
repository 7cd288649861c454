import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as passed } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { agentFolder, enrolTestAgent } from '../support/agent.ts'
import { readRows } from '../support/database.ts'
import { freePort } from '../support/program.ts'
import { type Side, startSide } from './nothing-is-lost/process.ts'

interface Story {
  startCollector(): Promise<Side>
  /** Signals of this agent are about `round` and a number. */
  startAgent(round: string): Side
  /** How often a signal about each was stored. */
  stored(): Promise<Map<string, number>>
}

/** A collector and an enrolled agent, both with a folder of their own, neither running. */
async function story(): Promise<Story> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tierline-collector-'))
  const agentDir = agentFolder()
  const port = String(await freePort())
  const startCollector = async (): Promise<Side> => {
    const collector = startSide('collector.ts', [dataDir, port])
    await collector.line()
    return collector
  }
  const first = await startCollector()
  await enrolTestAgent(first.lines[0] ?? '', agentDir)
  await first.kill('SIGTERM')
  return { startCollector, startAgent: (round) => startSide('agent.ts', [agentDir, round]), stored: () => readStored(dataDir) }
}

async function readStored(dataDir: string): Promise<Map<string, number>> {
  const rows = await readRows(dataDir, `select about, count(*) as times from signals where kind like '%test.happened' group by about`)
  return new Map(rows.map(({ about, times }) => [String(about), Number(times)]))
}

/** Each of `said` is stored, and nothing is stored twice. */
async function expectOnceEach({ stored }: Story, said: string[]): Promise<void> {
  const missing = async (): Promise<string[]> => {
    const there = await stored()
    return said.filter((about) => !there.has(about))
  }
  await expect.poll(missing, { timeout: seconds(60), interval: 250 }).toEqual([])
  expect([...(await stored())].filter(([, times]) => times !== 1)).toEqual([])
}

it('keeps what happens while the collector is away, and brings it when it is back', { timeout: 120_000 }, async () => {
  const tale = await story()
  const agent = tale.startAgent('away')
  await agent.line()
  await passed(2_000)
  expect((await tale.stored()).size).toBe(0)
  const collector = await tale.startCollector()
  await expect.poll(async () => (await tale.stored()).size, { timeout: seconds(45) }).toBeGreaterThan(50)
  await collector.kill('SIGTERM')
  await passed(1_000)
  await tale.startCollector()
  const saidWhileAway = [...agent.lines]
  await expectOnceEach(tale, saidWhileAway)
  await agent.kill('SIGTERM')
  await expectOnceEach(tale, agent.lines)
})

it('loses nothing and stores nothing twice when both sides are killed with -9 at random moments', { timeout: 180_000 }, async () => {
  const tale = await story()
  const said: string[] = []
  for (const round of ['a', 'b', 'c', 'd']) {
    const agent = tale.startAgent(round)
    const [collector] = await Promise.all([tale.startCollector(), agent.line()])
    const kills = [collector, agent].map(async (side) => {
      await passed(300 + Math.random() * 2_000)
      await side.kill('SIGKILL')
    })
    await Promise.all(kills)
    said.push(...agent.lines)
  }
  expect((await tale.stored()).size).toBeGreaterThan(0)
  const last = tale.startAgent('last')
  await Promise.all([tale.startCollector(), last.line()])
  await expectOnceEach(tale, said)
  await last.kill('SIGTERM')
  expect(said.length).toBeGreaterThan(100)
})
