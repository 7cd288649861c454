import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { startTestAgent, toldDetector } from '../support/agent.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'

const within = { timeout: seconds(60), interval: 100 }

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'tierline-set-back-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** How often a signal about each was stored, per lane in the order of their coming. */
async function storedIn({ store }: TestCollector): Promise<{ times: Map<string, number>; order: string[] }> {
  const rows = await store.db.selectFrom('signals').select('about').where('kind', 'like', '%test.happened').orderBy('arrival').execute()
  const times = new Map<string, number>()
  for (const { about } of rows) times.set(about, (times.get(about) ?? 0) + 1)
  return { times, order: rows.map(({ about }) => about) }
}

/**
 * A collector that was told 301 signals, set back to when it knew one. The agent's spool is small, so what was
 * acknowledged lies in many segments.
 */
async function setBack(keepAcknowledgedMs: number): Promise<{ back: TestCollector; said: string[] }> {
  const dataDir = folder()
  const copy = folder()
  const first = await startTestCollector({ dataDir, database: 'sqlite' })
  const told = toldDetector()
  const config = { spoolMaxBytes: 1_048_576, keepAcknowledgedMs }
  const agent = await startTestAgent({ token: await first.token(), detectors: [told.detector], config })
  onTestFinished(() => agent.stop('stop'))
  const said: string[] = []
  const happens = async (about: string, kind = 'test.happened'): Promise<void> => {
    said.push(about)
    await told.say({ kind, severity: 'info', about, summary: 'x'.repeat(400) })
  }
  await happens('before')
  await expect.poll(async () => (await storedIn(first)).times.size, within).toBe(1)
  await first.stop()
  cpSync(dataDir, copy, { recursive: true })

  const second = await first.restart()
  for (let count = 0; count < 300; count += 1) await happens(`after-${count}`, count % 5 === 0 ? 'security.test.happened' : 'test.happened')
  await expect.poll(async () => (await storedIn(second)).times.size, within).toBe(301)
  await second.stop()
  rmSync(dataDir, { recursive: true })
  cpSync(copy, dataDir, { recursive: true })
  const back = await second.restart()
  onTestFinished(() => back.stop())
  await happens('since')
  return { back, said }
}

it('gets again, once and in order, every signal that it had acknowledged after it was copied', { timeout: seconds(180) }, async () => {
  const { back, said } = await setBack(seconds(3_600))

  await expect.poll(() => missingIn(back, said), within).toEqual([])
  const { times, order } = await storedIn(back)
  expect([...times].filter(([, count]) => count !== 1)).toEqual([])
  const health = said.filter((_, index) => index % 5 !== 1)
  expect(order.filter((about) => health.includes(about))).toEqual(health)
  const gaps = back.store.db.selectFrom('gaps').selectAll().where('lane', 'in', ['security', 'signals'])
  expect(await gaps.execute()).toEqual([])
})

it('is told how many of them are kept no longer, and that it had them', { timeout: seconds(180) }, async () => {
  const { back, said } = await setBack(0)
  await expect.poll(async () => (await missingIn(back, ['since'])).length, within).toBe(0)
  const gaps = await back.store.db.selectFrom('gaps').selectAll().where('lane', 'in', ['security', 'signals']).execute()
  const gone = gaps.reduce((sum, { from_seq, to_seq }) => sum + to_seq - from_seq + 1, 0)
  expect(gaps.map(({ why }) => why)).toEqual(gaps.map(() => 'the collector had acknowledged these, and they are kept no longer'))
  const missing = await missingIn(back, said)
  expect(missing.length).toBeGreaterThan(100)
  // Lists of what stands have seqs, too.
  expect(gone).toBeGreaterThanOrEqual(missing.length)
  const tickets = back.store.db.selectFrom('tickets').select('id').where('kind', '=', 'system.agent.signals-lost')
  await expect.poll(async () => (await tickets.execute()).length, within).toBe(1)
})

async function missingIn(collector: TestCollector, said: string[]): Promise<string[]> {
  const { times } = await storedIn(collector)
  return said.filter((about) => !times.has(about))
}
