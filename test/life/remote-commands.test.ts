import { createHash } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import authorities from '#shared/protocol/documents/authorities.ts'
import { startTestAgent, type TestAgent } from '../support/agent.ts'
import { type ApiClient, signIn } from '../support/api.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'
import { operatorOf, personsKey, signOrder, twoAuthorities } from '../support/operators.ts'

/* What a person asks of a machine, from the API to its result, by the collector's key and by operators' signatures: told in order. */
const within = { timeout: seconds(20), interval: 50 }
let collector: TestCollector
let agent: TestAgent
let person: ApiClient

beforeAll(async () => {
  collector = await startTestCollector()
  agent = await startTestAgent({ token: await collector.token({ role: 'workstation' }), detectors: [] })
  person = await signIn(collector.consoleUrl, collector.firstSignIn.login, collector.firstSignIn.password)
})
afterAll(async () => {
  await agent?.stop('stop')
  await collector?.[Symbol.asyncDispose]()
  if (agent) rmSync(agent.dataDir, { recursive: true, force: true })
})

const ask = async (verb: string, args: object = {}) =>
  (await person.post<{ id: string }>(`/api/endpoints/${agent.endpointId}/commands`, { verb, args, reason: 'to see' })).id
const rowOf = (id: string) => collector.store.db.selectFrom('commands').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
const settled = async (id: string) => {
  await expect.poll(async () => (await rowOf(id)).settled_at, within).not.toBeNull()
  const row = await rowOf(id)
  return { status: row.status, result: JSON.parse(row.result ?? '{}') as { detail: string; output?: Record<string, unknown> } }
}
const echo = (word: string) => {
  const script = `echo ${word}`
  return { script, sha256: createHash('sha256').update(script).digest('hex') }
}

it('where the collector commands alone, what a person asks for runs, and its result is theirs to read', async () => {
  await expect.poll(() => agent.isConnected(), within).toBe(true)
  expect(await settled(await ask('ping'))).toMatchObject({ status: 'succeeded', result: { output: { uptimeSeconds: expect.any(Number) } } })
  expect(await settled(await ask('run-script', echo('hello')))).toMatchObject({
    status: 'succeeded',
    result: { output: { text: 'hello\n' } },
  })
})

it('where operators are named, a script runs once two of them have signed it, and not before', async () => {
  const [authority, anna, bert] = [await twoAuthorities(), await personsKey(), await personsKey()]
  const now = Date.now()
  await collector.identity.documents.issue(authorities, () => ({ first: authority.pair, successions: [] }))
  const register = await authority.register(authority.keys[0], 1, now, [operatorOf('Anna', anna, now), operatorOf('Bert', bert, now)])
  await collector.identity.documents.handBack(register)
  const kept = () => readFileSync(join(agent.dataDir, 'identity/documents/operators.jws'), 'utf8').length
  await expect
    .poll(() => {
      try {
        return kept()
      } catch {
        return 0
      }
    }, within)
    .toBeGreaterThan(0)

  const id = await ask('run-script', echo('signed'))
  await expect.poll(async () => (await rowOf(id)).status, within).toBe('unsigned')
  const order = JSON.parse((await rowOf(id)).payload ?? '')
  const sign = async (key: typeof anna) => person.post(`/api/commands/${id}/signatures`, { jws: await signOrder(key, order) })
  expect(await sign(anna)).toEqual({ status: 'waits', signed: 1, needed: 2 })
  expect((await rowOf(id)).status).toBe('unsigned')
  expect(await sign(bert)).toEqual({ status: 'queued', signed: 2, needed: 2 })
  expect(await settled(id)).toMatchObject({ status: 'succeeded', result: { output: { text: 'signed\n' } } })

  // What protects needs nobody.
  expect(await settled(await ask('ping'))).toMatchObject({ status: 'succeeded' })
})
