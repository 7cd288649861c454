import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EndpointPolicy } from '#shared/api/policy.ts'
import { seconds } from '#shared/domain/time.ts'
import { documentType } from '#shared/protocol/document.ts'
import authorities from '#shared/protocol/documents/authorities.ts'
import { detectors } from '../../agent/sense/detectors.ts'
import { startTestAgent, type TestAgent } from '../support/agent.ts'
import { type ApiClient, signIn } from '../support/api.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'
import { aDisk, FakeMachine } from '../support/fake-machine.ts'
import { operatorOf, personsKey, twoAuthorities } from '../support/operators.ts'

/* A limit is changed while an agent runs: told in order, each step begins where the last one ended. */
const within = { timeout: seconds(20), interval: 50 }
const gib = 1_073_741_824
const limits = (usedPercent: number, more = '') => `policies:
  - health: { disk-full: { usedPercent: ${usedPercent}, freeGib: 1000, lastsMinutes: 0 } }
${more}`
const machine = new FakeMachine()
machine.disksNow = [aDisk({ usedRatio: 0.7, freeBytes: 30 * gib })]
const only = detectors.filter(({ name }) => name === 'disk-full')

let collector: TestCollector
let agent: TestAgent
let person: ApiClient
let password: string

beforeAll(async () => {
  collector = await startTestCollector()
  password = collector.firstSignIn.password
  agent = await startTestAgent({ token: await collector.token(), probe: machine, detectors: only })
  person = await signIn(collector.consoleUrl, collector.firstSignIn.login, password)
})
afterAll(async () => {
  await agent?.stop('stop')
  await collector?.[Symbol.asyncDispose]()
  if (agent) rmSync(agent.dataDir, { recursive: true, force: true })
})

const explained = () => person.get<EndpointPolicy>(`/api/endpoints/${agent.endpointId}/policy`)
const signals = async () =>
  (
    await collector.store.db
      .selectFrom('signals')
      .select(['kind', 'state'])
      .where('kind', 'like', 'health.%')
      .orderBy('received_at')
      .execute()
  ).map(({ kind, state }) => `${kind} ${state}`)

it('a policy that nobody put is number 0, and nothing is wrong with a disk at 70 %', async () => {
  await expect.poll(() => agent.isConnected(), within).toBe(true)
  await expect.poll(async () => (await explained()).atAgent, within).toBe(0)
  expect(await explained()).toMatchObject({ number: 0, settings: [] })
  expect(await signals()).toEqual([])
})

it('a lower limit counts at once, without a restart, and the endpoint says by which number it goes', async () => {
  await person.put('/api/policy', { yaml: limits(60) })
  await expect.poll(signals, within).toEqual(['health.disk.full raised'])
  await expect.poll(async () => (await explained()).atAgent, within).toBe(1)
  const { number, signedBy, settings } = await explained()
  expect({ number, signedBy }).toEqual({ number: 1, signedBy: null })
  expect(settings).toContainEqual({ key: 'health.disk-full.usedPercent', value: 60, from: 'line 2, the whole fleet' })
})

it('what stands doesn’t flap when something else changes, and clears when its limit is above it', async () => {
  await person.put('/api/policy', { yaml: limits(60, '  - samples: { everySeconds: 60 }\n') })
  await expect.poll(async () => (await explained()).atAgent, within).toBe(2)
  expect(await signals()).toEqual(['health.disk.full raised'])
  await person.put('/api/policy', { yaml: limits(95) })
  await expect.poll(signals, within).toEqual(['health.disk.full raised', 'health.disk.full cleared'])
  const { atAgent } = await explained()
  expect(atAgent).toBe(3)
})

it('a collector that was set back is handed it, tells people, and signs nothing older over it', async () => {
  await agent.stop('stop')
  await collector.stop()
  const back = await collector.restart()
  await back.store.db.deleteFrom('policies').execute()
  await back.store.db.deleteFrom('policy_versions').where('version', '>', 1).execute()
  await back.stop()
  collector = await collector.restart()
  person = await signIn(collector.consoleUrl, 'admin', password)
  agent = await startTestAgent({ dataDir: agent.dataDir, probe: machine, detectors: only })
  await expect.poll(async () => (await explained()).number, within).toBe(3)
  const tickets = collector.store.db.selectFrom('signals').select('summary').where('kind', '=', 'system.documents.handed-back')
  await expect.poll(async () => (await tickets.execute()).map(({ summary }) => summary).join(), within).toContain('a newer policy (3,')
  expect((await explained()).settings).toContainEqual(expect.objectContaining({ key: 'health.disk-full.usedPercent', value: 95 }))
})

it('with operators a policy waits until one of them signed these very bytes', async () => {
  const [authority, anna, now] = [await twoAuthorities(), await personsKey(), Date.now()]
  await collector.identity.documents.issue(authorities, () => ({ first: authority.pair, successions: [] }))
  await collector.identity.documents.handBack(await authority.register(authority.keys[0], 1, now, [operatorOf('Anna', anna, now)]))
  const put = await person.put<{ waiting: number }>('/api/policy', { yaml: limits(50) })
  expect(put.waiting).toBe(1)
  const { policies } = await person.get<{ policies: { organisation: { id: string }; payload: string }[] }>('/api/policy/unsigned')
  const [waiting] = policies
  if (!waiting) throw new Error('nothing waits')
  const hand = async (key: typeof anna) =>
    person.post('/api/policy/signatures', {
      organisationId: waiting.organisation.id,
      jws: await key.sign(JSON.parse(waiting.payload), documentType),
    })
  await expect(hand(await personsKey())).rejects.toThrow('409')
  expect((await explained()).number).toBe(3)
  expect(await hand(anna)).toEqual({ number: 4, by: 'Anna' })
  await expect.poll(async () => (await explained()).atAgent, within).toBe(4)
  await expect.poll(async () => (await signals()).at(-1), within).toBe('health.disk.full raised')
  expect(await explained()).toMatchObject({ signedBy: 'Anna' })
})
