import { cp } from 'node:fs/promises'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { CloseCode } from '#shared/protocol/close-codes.ts'
import type { Say } from '../../agent/sense/define-detector.ts'
import { agentFolder, startTestAgent, type TestAgent, type TestAgentOptions, toldDetector } from '../support/agent.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'

const within = { timeout: seconds(15) }

async function collectorHere(): Promise<TestCollector> {
  const collector = await startTestCollector()
  onTestFinished(() => collector[Symbol.asyncDispose]())
  return collector
}

/** A connected agent to which something happens when a test says so. */
async function agentWith(options: TestAgentOptions): Promise<{ agent: TestAgent; happens: (about: string) => Promise<void> }> {
  const told = toldDetector()
  const agent = await startTestAgent({ ...options, detectors: [told.detector] })
  onTestFinished(() => agent.stop('stop'))
  return { agent, happens: (about) => saying(told.say, about) }
}

const saying = (say: Say, about: string): Promise<void> =>
  say({ kind: 'test.happened', severity: 'info', about, summary: `Something happened (${about})` })

async function aboutsOf({ store }: TestCollector, kind: string): Promise<string[]> {
  const rows = await store.db.selectFrom('signals').select('about').where('kind', '=', kind).orderBy('about').execute()
  return rows.map(({ about }) => about)
}

it('notices that its disk was restored, begins a new epoch, says so, and loses nothing that happens from then on', async () => {
  const collector = await collectorHere()
  const dataDir = agentFolder()
  const first = await agentWith({ dataDir, token: await collector.token() })
  await first.happens('a')
  await expect.poll(() => aboutsOf(collector, 'test.happened'), within).toEqual(['a'])
  await first.agent.stop('shutdown')

  const backup = agentFolder()
  await cp(dataDir, backup, { recursive: true })
  const second = await agentWith({ dataDir })
  for (const about of ['b', 'c']) await second.happens(about)
  await expect.poll(() => aboutsOf(collector, 'test.happened'), within).toEqual(['a', 'b', 'c'])
  await second.agent.stop('shutdown')

  // While the collector is away it appends more than it had lost and starts anew, so its last seq says nothing any more.
  await collector.stop()
  const restored = await agentWith({ dataDir: backup })
  for (const about of ['d', 'e']) await restored.happens(about)
  await restored.agent.stop('shutdown')
  const again = await agentWith({ dataDir: backup })
  for (const about of ['f', 'g']) await again.happens(about)
  const back = await collector.restart()
  onTestFinished(() => back[Symbol.asyncDispose]())
  await expect.poll(() => aboutsOf(back, 'test.happened'), within).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'])
  await expect.poll(() => aboutsOf(back, 'system.spool.restarted'), within).toHaveLength(1)
})

it('prints with which code it is shut out, within a second of being removed', async () => {
  const collector = await collectorHere()
  const lines: string[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push((JSON.parse(line) as { msg: string }).msg) })
  const { agent } = await agentWith({ token: await collector.token(), log })
  await expect.poll(() => agent.isConnected(), within).toBe(true)
  await collector.identity.revoke(agent.endpointId)
  collector.wire.disconnect(agent.endpointId, CloseCode.Revoked, 'this endpoint was removed')
  await expect.poll(() => agent.isConnected(), { timeout: seconds(1) }).toBe(false)
  await expect.poll(() => lines, within).toContainEqual(expect.stringMatching(/refuses this agent: .*\(certificate-revoked\)/))
})

it('tells why it goes, and the collector remembers', async () => {
  const collector = await collectorHere()
  const { agent } = await agentWith({ token: await collector.token() })
  await expect.poll(() => agent.isConnected(), within).toBe(true)
  await agent.stop('reboot')
  const presences = () => collector.store.db.selectFrom('presences').select(['is_connected', 'goodbye']).execute()
  await expect.poll(presences, within).toEqual([{ is_connected: 0, goodbye: 'reboot' }])
})
