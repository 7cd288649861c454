import { expect, it, onTestFinished } from 'vitest'
import type { EndpointDetail } from '#shared/api/endpoints.ts'
import { seconds } from '#shared/domain/time.ts'
import { agentFolder, enrolTestAgent, startTestAgent, toldDetector } from '../support/agent.ts'
import { signIn } from '../support/api.ts'
import { startTestCollector } from '../support/collector.ts'
import { freePort } from '../support/program.ts'
import { type Credentials, connectRaw, enrolRaw, rawSignal, signalRecord } from '../support/raw-agent.ts'
import { folder, onSqlite, portsOf, readRows, readStored, safe } from './backup-and-restore/safe.ts'
import { startSide } from './nothing-is-lost/process.ts'

/*
 * A backup of a collector that takes signals all the while, and a collector that starts from it: what agents had been
 * acknowledged since is asked for again and stored exactly once, and what they no longer have is a gap that people see.
 */

const within = { timeout: seconds(60), interval: 100 }

it('keeps all that was committed before it, and gets again what the agent still has of what came after', { timeout: 180_000 }, async () => {
  const [dataDir, agentDir, port, { backup, restore }] = [folder(), agentFolder(), String(await freePort()), safe()]
  const collector = startSide('collector.ts', [dataDir, port, 'sqlite'])
  await enrolTestAgent(await collector.line(), agentDir)
  const agent = startSide('agent.ts', [agentDir, 'said'])
  await expect.poll(() => readStored(dataDir).size, within).toBeGreaterThan(50)

  const before = [...readStored(dataDir).keys()]
  await backup(dataDir)
  const during = readStored(dataDir).size
  expect(during).toBeGreaterThan(before.length)
  await expect.poll(() => readStored(dataDir).size, within).toBeGreaterThan(during + 20)
  const acknowledged = [...readStored(dataDir).keys()]
  await collector.kill('SIGKILL')

  const restored = await restore()
  const inBackup = readStored(restored.dataDir)
  expect(before.filter((about) => !inBackup.has(about))).toEqual([])
  expect(inBackup.size).toBeLessThan(acknowledged.length)
  await startSide('collector.ts', [restored.dataDir, port, 'sqlite']).line()
  await expect.poll(() => acknowledged.filter((about) => !readStored(restored.dataDir).has(about)), within).toEqual([])
  await agent.kill('SIGTERM')
  await expect.poll(() => agent.lines.filter((about) => readStored(restored.dataDir).get(about) !== 1), within).toEqual([])
  expect(readRows(restored.dataDir, `select * from gaps where lane in ('security', 'signals')`)).toEqual([])
})

it('is one instant under load: of each agent exactly what its cursor says, and no less than it was acknowledged', {
  timeout: 180_000,
}, async () => {
  const { backup, restore } = safe()
  const collector = await startTestCollector({ dataDir: folder(), ...onSqlite })
  const agents = await Promise.all(Array.from({ length: 4 }, async () => enrolRaw(await collector.token())))
  const load = agents.map((who) => sendAll(who))
  await expect.poll(() => Math.min(...load.map(({ acknowledged }) => acknowledged())), within).toBeGreaterThan(100)

  const before = load.map(({ acknowledged }) => acknowledged())
  await backup(collector.dataDir)
  const after = load.map(({ acknowledged }) => acknowledged())
  expect(after.every((seq, index) => seq > (before[index] ?? 0))).toBe(true)
  await Promise.all(load.map(({ stop }) => stop()))
  await collector.stop()

  const { dataDir } = await restore()
  const inBackup = agents.map(({ endpointId }) => ({ seqs: seqsOf(dataDir, endpointId), cursor: cursorOf(dataDir, endpointId) }))
  expect(inBackup.map(({ seqs }) => seqs)).toEqual(inBackup.map(({ cursor }) => Array.from({ length: cursor }, (_, index) => index + 1)))
  expect(inBackup.filter(({ cursor }, index) => cursor < (before[index] ?? 0))).toEqual([])

  const back = await startTestCollector({ dataDir, ...portsOf(collector), ...onSqlite })
  onTestFinished(() => back.stop())
  const again = agents.map((who, index) => sendAll(who, inBackup[index]?.cursor))
  await expect.poll(() => again.filter(({ acknowledged }, index) => acknowledged() < (after[index] ?? 0) + 50).length, within).toBe(0)
  await Promise.all(again.map(({ stop }) => stop()))
  for (const { endpointId } of agents) {
    const cursor = cursorOf(dataDir, endpointId)
    expect(seqsOf(dataDir, endpointId)).toEqual(Array.from({ length: cursor }, (_, index) => index + 1))
  }
})

it('asks again for each signal that was acknowledged since, and makes of each the ticket that it is, once', {
  timeout: 180_000,
}, async () => {
  const { backup, restore } = safe()
  const collector = await startTestCollector({ dataDir: folder(), ...onSqlite })
  const told = toldDetector()
  const agent = await startTestAgent({ token: await collector.token(), detectors: [told.detector] })
  onTestFinished(() => agent.stop('stop'))
  const happens = async (about: string, isTicket: boolean): Promise<void> => {
    const kind = isTicket ? 'security.test.happened' : 'test.happened'
    await told.say({ kind, severity: isTicket ? 'high' : 'info', about, summary: `It happened (${about})` })
  }
  await happens('before', true)
  await expect.poll(() => readStored(collector.dataDir).has('before'), within).toBe(true)
  await collector.pipeline.idle()
  await backup(collector.dataDir)
  for (let count = 0; count < 120; count += 1) await happens(`after-${count}`, count % 10 === 0)
  await expect.poll(() => readStored(collector.dataDir).size, within).toBe(121)
  await collector.pipeline.idle()
  const tickets = (dataDir: string) =>
    readRows(dataDir, `select title, occurrences from tickets where kind = 'security.test.happened' order by title`)
  const before = tickets(collector.dataDir)
  expect(before).toHaveLength(13)
  await collector.stop()

  const { dataDir } = await restore()
  expect(tickets(dataDir)).toHaveLength(1)
  const back = await startTestCollector({ dataDir, ...portsOf(collector), ...onSqlite })
  onTestFinished(() => back.stop())
  await expect.poll(() => readStored(dataDir).size, within).toBe(121)
  await happens('once it was back', true)
  await expect.poll(() => readStored(dataDir).get('once it was back'), within).toBe(1)
  await back.pipeline.idle()
  expect([...readStored(dataDir).values()].every((times) => times === 1)).toBe(true)
  expect(tickets(dataDir)).toEqual([...before, { title: 'It happened (once it was back)', occurrences: 1 }])
})

it('shows as a gap what the agent was told to forget, on its endpoint’s page, and the lane goes on', { timeout: 180_000 }, async () => {
  const { backup, restore } = safe()
  const collector = await startTestCollector({ dataDir: folder(), ...onSqlite })
  const told = toldDetector()
  // A spool this small has segments of 16 KiB; this one keeps none that is acknowledged.
  const config = { spoolMaxBytes: 262_144, keepAcknowledgedMs: 0 }
  const agent = await startTestAgent({ token: await collector.token(), detectors: [told.detector], config })
  onTestFinished(() => agent.stop('stop'))
  const summary = 'x'.repeat(400)
  const happens = (about: string) => told.say({ kind: 'test.happened', severity: 'info', about, summary })
  await happens('before')
  await expect.poll(() => readStored(collector.dataDir).has('before'), within).toBe(true)
  await backup(collector.dataDir)
  for (let count = 0; count < 150; count += 1) await happens(`after-${count}`)
  await expect.poll(() => readStored(collector.dataDir).size, within).toBe(151)
  await collector.stop()

  const { dataDir } = await restore()
  const back = await startTestCollector({ dataDir, ...portsOf(collector), ...onSqlite })
  onTestFinished(() => back.stop())
  await happens('once it was back')
  await expect.poll(() => readStored(dataDir).get('once it was back'), within).toBe(1)
  const person = await signIn(back.consoleUrl, collector.firstSignIn.login, collector.firstSignIn.password)
  const { gaps } = await person.get<EndpointDetail>(`/api/endpoints/${agent.endpointId}`)
  const ofSignals = gaps.filter(({ lane }) => lane === 'signals')
  expect(ofSignals).toMatchObject([{ why: expect.stringContaining('had acknowledged') }])
  const missing = ofSignals.reduce((sum, { fromSeq, toSeq }) => sum + toSeq - fromSeq + 1, 0)
  const kept = [...readStored(dataDir).keys()].filter((about) => about.startsWith('after-')).length
  expect([missing > 0, missing + kept]).toEqual([true, 150])
})

/** Sends signals, twenty to a frame, each about its own seq, as fast as they are acknowledged. */
function sendAll(who: Credentials, from = 0): { acknowledged(): number; stop(): Promise<void> } {
  let acknowledged = from
  let isStopping = false
  const sending = (async () => {
    const agent = await connectRaw(who)
    for (let next = from + 1; !isStopping; next += 20) {
      const signals = Array.from({ length: 20 }, (_, index) =>
        rawSignal({ kind: 'test.happened', severity: 'info', about: String(next + index) }),
      )
      agent.records('signals', next, ...signals.map(signalRecord))
      while (acknowledged < next + 19) acknowledged = Math.max(acknowledged, (await agent.hears('ack')).seq)
    }
    await agent.leave()
  })()
  return {
    acknowledged: () => acknowledged,
    stop: async () => {
      isStopping = true
      await sending
    },
  }
}

const seqsOf = (dataDir: string, endpointId: string): number[] =>
  readRows(dataDir, `select about from signals where endpoint_id = '${endpointId}' and kind = 'test.happened'`)
    .map(({ about }) => Number(about))
    .sort((a, b) => a - b)

const cursorOf = (dataDir: string, endpointId: string): number =>
  Number(readRows(dataDir, `select seq from cursors where endpoint_id = '${endpointId}' and lane = 'signals'`)[0]?.seq ?? 0)
