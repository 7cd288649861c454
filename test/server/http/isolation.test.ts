import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EndpointDetail, EndpointList, type IsolationState } from '#shared/api/endpoints.ts'
import type { ActualIsolation } from '#shared/domain/endpoint.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

let console_: TestConsole
let own: Belongings
let admin: Visitor
beforeAll(async () => {
  console_ = await startConsole()
  own = await addOrganisation(console_, 'alpha')
  await addPerson(console_, { login: 'ada', name: 'Ada' })
  admin = await signedIn(console_.url, 'ada')
})
afterAll(() => console_[Symbol.asyncDispose]())

const isolation = async () => EndpointDetail.parse((await admin.ask('GET', `/api/endpoints/${own.endpoint}`)).body).isolation
const saysOfItself = (actual: ActualIsolation, number: number | null): Promise<unknown> =>
  console_.store.db.updateTable('isolations').set({ actual, number }).where('endpoint_id', '=', own.endpoint).execute()

it.each<[ActualIsolation, number | null, IsolationState]>([
  ['open', null, 'open'],
  ['isolating', 1, 'applying'],
  ['unproven', 1, 'unproven'],
  ['isolated', 1, 'isolated'],
  ['ineffective', 1, 'ineffective'],
  ['drifted', 1, 'drifted'],
  ['releasing', 1, 'releasing'],
  ['open', 1, 'released'],
  ['refused', null, 'refused'],
  ['failed', 1, 'failed'],
])('a machine that says %s, of its isolation %s, is shown as %s', async (actual, number, state) => {
  await saysOfItself(actual, number)
  expect(await isolation()).toMatchObject({ actual, state })
  const { endpoints } = EndpointList.parse((await admin.ask('GET', '/api/endpoints')).body)
  expect(endpoints.map((endpoint) => endpoint.isolation.state)).toEqual([state])
})

it.each<[string, ActualIsolation, IsolationState]>([
  ['isolate-host', 'open', 'applying'],
  ['isolate-host', 'isolated', 'isolated'],
  ['release-host', 'isolated', 'releasing'],
  ['release-host', 'open', 'released'],
])('while %s runs on a machine that last said %s it is shown as %s', async (verb, actual, state) => {
  await saysOfItself(actual, 1)
  const { db } = console_.store
  const one = await db.selectFrom('commands').selectAll().where('endpoint_id', '=', own.endpoint).executeTakeFirstOrThrow()
  const id = randomUUID()
  await db
    .insertInto('commands')
    .values({ ...one, id, verb, status: 'running', running_at: console_.time.now(), settled_at: null })
    .execute()
  expect(await isolation()).toMatchObject({ actual, state })
  await db.deleteFrom('commands').where('id', '=', id).execute()
})

const saysInItsInventory = (readiness: object, saidAt: number): Promise<unknown> =>
  console_.store.db
    .updateTable('inventories')
    .set({ readiness: JSON.stringify({ ...readiness, saidAt }) })
    .where('endpoint_id', '=', own.endpoint)
    .execute()

it('whether it could be isolated, and why not, is what it said last, though it stayed connected', async () => {
  const now = console_.time.now()
  expect(await isolation()).toMatchObject({ isReady: true, notReady: null, gaps: [] })
  const tunnel = 'the collector is reached only through the tunnel wg0, whose far end can’t be let through'
  await saysInItsInventory({ isReady: false, reason: tunnel }, now + 1)
  expect(await isolation()).toMatchObject({ isReady: false, notReady: tunnel })
  await saysInItsInventory({ isReady: true, gaps: ['after a restart it is open until its agent runs'] }, now + 2)
  expect(await isolation()).toMatchObject({ isReady: true, notReady: null, gaps: ['after a restart it is open until its agent runs'] })

  const hello = { is_ready: 0, detail: 'nft was not found', actual_at: now + 3 } as const
  await console_.store.db.updateTable('isolations').set(hello).where('endpoint_id', '=', own.endpoint).execute()
  expect(await isolation()).toMatchObject({ isReady: false, notReady: 'nft was not found', gaps: [] })
})
