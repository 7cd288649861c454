import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import authorities from '#shared/protocol/documents/authorities.ts'
import { readHead } from '../../server/audit/chain.ts'
import { verifyAudit } from '../../server/audit/verify.ts'
import { startTestAgent, type TestAgent } from '../support/agent.ts'
import { type ApiClient, signIn } from '../support/api.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'
import { type Authority, operatorOf, type PersonsKey, personsKey, publicOf, twoAuthorities } from '../support/operators.ts'

/* From `trust: collector` to operators, with an agent that is enrolled already: told in order, each step begins where the last one ended. */
const within = { timeout: seconds(20), interval: 50 }
let collector: TestCollector
let agent: TestAgent
let authority: Authority
let anna: PersonsKey
let person: ApiClient

beforeAll(async () => {
  collector = await startTestCollector()
  agent = await startTestAgent({ token: await collector.token({ role: 'core' }), detectors: [] })
  authority = await twoAuthorities()
  anna = await personsKey()
  person = await signIn(collector.consoleUrl, collector.firstSignIn.login, collector.firstSignIn.password)
})
afterAll(async () => {
  await agent?.stop('stop')
  await collector?.[Symbol.asyncDispose]()
  if (agent) rmSync(agent.dataDir, { recursive: true, force: true })
})

const trustOf = () => JSON.parse(readFileSync(join(agent.dataDir, 'identity/trust.json'), 'utf8')) as unknown
const latest = () =>
  collector.store.db.selectFrom('commands').selectAll().orderBy('requested_at', 'desc').orderBy('id', 'desc').executeTakeFirstOrThrow()
const isolate = () => person.post(`/api/endpoints/${agent.endpointId}/isolate`, { reason: 'it looks bad' })
const register = async (number: number, names: [string, PersonsKey][], by = authority.keys[0]) => {
  const now = Date.now()
  const operators = names.map(([name, key]) => operatorOf(name, key, now))
  return collector.identity.documents.handBack(await authority.register(by, number, now, operators))
}

it('under trust: collector the collector’s key isolates even a core machine', async () => {
  await expect.poll(() => agent.isConnected(), within).toBe(true)
  await isolate()
  await expect.poll(async () => (await latest()).result, within).toContain('off (test)')
})

it('an agent that is enrolled follows to operators by itself', async () => {
  await collector.identity.documents.issue(authorities, () => ({ first: authority.pair, successions: [] }))
  expect(await register(1, [['Anna', anna]])).toMatchObject({ kind: 'adopted' })
  await expect.poll(trustOf, within).toEqual(authority.pair)
  await expect.poll(() => readFileSync(join(agent.dataDir, 'identity/documents/operators.jws'), 'utf8').length, within).toBeGreaterThan(0)
})

it('from then on isolating the core machine waits for an operator, and runs once Anna has signed these very bytes', async () => {
  await isolate()
  await expect.poll(async () => (await latest()).status, within).toBe('unsigned')
  const { commands } = await person.get<{ commands: { id: string; payload: string; needed: number }[] }>('/api/commands/unsigned')
  const [waiting] = commands
  if (!waiting) throw new Error('nothing waits')
  expect(JSON.parse(waiting.payload)).toMatchObject({ id: waiting.id, verb: 'isolate-host', endpoints: [agent.endpointId] })
  const head = readHead(JSON.parse(waiting.payload).auditHead)
  if (!head) throw new Error('the order carries no head of the audit')
  expect(await verifyAudit(collector.store.reader, [head])).toMatchObject({ faults: [], provenTo: head.number })
  const stranger = await (await personsKey()).sign(JSON.parse(waiting.payload), 'tierline-command+jws')
  await expect(person.post(`/api/commands/${waiting.id}/signatures`, { jws: stranger })).rejects.toThrow('409')

  const jws = await anna.sign(JSON.parse(waiting.payload), 'tierline-command+jws')
  expect(await person.post(`/api/commands/${waiting.id}/signatures`, { jws })).toEqual({ status: 'queued', signed: 1, needed: 1 })
  await expect.poll(async () => (await latest()).result, within).toContain('off (test)')
  expect((await latest()).jws).toBe(jws)
})

it('a revoked operator signs nothing more, after a succession of the authorities too', async () => {
  const next = await personsKey()
  const [a, b] = authority.keys
  const said = await authority.succession(b, { number: 1, replaces: a.kid, by: publicOf(next) })
  await collector.identity.documents.issue(authorities, (before) => before && { ...before, successions: [said] })
  expect(await register(2, [['Bert', await personsKey()]], b)).toMatchObject({ kind: 'adopted' })
  await expect.poll(trustOf, within).toEqual({ keys: [publicOf(b), publicOf(next)], succession: 1 })
  await isolate()
  await expect.poll(async () => (await latest()).status, within).toBe('unsigned')
  const { id, payload } = await latest()
  const jws = await anna.sign(JSON.parse(payload ?? ''), 'tierline-command+jws')
  await expect(person.post(`/api/commands/${id}/signatures`, { jws })).rejects.toThrow('409')
})

it('whoever is revoked while the machine is away is known there before what they signed is looked at', async () => {
  const carl = await personsKey()
  const kept = () => readFileSync(join(agent.dataDir, 'identity/documents/operators.jws'), 'utf8').split('.')[1] ?? ''
  await register(3, [['Carl', carl]], authority.keys[1])
  await expect.poll(() => JSON.parse(Buffer.from(kept(), 'base64url').toString()), within).toMatchObject({ number: 3 })
  await agent.stop('stop')
  await person.post(`/api/endpoints/${agent.endpointId}/release`, { reason: 'it looks good' })
  await expect.poll(async () => (await latest()).status, within).toBe('unsigned')
  const { id, payload } = await latest()
  const jws = await carl.sign(JSON.parse(payload ?? ''), 'tierline-command+jws')
  expect(await person.post(`/api/commands/${id}/signatures`, { jws })).toMatchObject({ status: 'queued' })
  expect(await register(4, [['Dora', await personsKey()]], authority.keys[1])).toMatchObject({ kind: 'adopted' })

  agent = await startTestAgent({ dataDir: agent.dataDir, detectors: [] })
  await expect.poll(async () => (await latest()).settled_at, within).not.toBeNull()
  expect(await latest()).toMatchObject({ id, jws, verb: 'release-host', status: 'refused' })
  expect((await latest()).result).not.toContain('off (test)')
})
