import { afterEach, beforeEach, expect, it } from 'vitest'
import { Restored } from '#shared/api/restored.ts'
import { suspendAccess } from '../../../server/people/suspended.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor, visit } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

let console_: TestConsole
let own: Belongings
let admin: Visitor

beforeEach(async () => {
  console_ = await startConsole()
  own = await addOrganisation(console_, 'alpha')
  await addPerson(console_, { login: 'provider' })
})
afterEach(() => console_[Symbol.asyncDispose]())

const signal = { kind: 'security.test', severity: 'low', fingerprint: 'test', summary: 'test' }

/** As a restore leaves it; whoever was signed in no longer is. */
async function restore(): Promise<void> {
  const { store, time } = console_
  await store.db.transaction().execute((tx) => suspendAccess(tx, time.now()))
  await store.db.insertInto('restores').values({ restored_at: 9, made_at: 5, program: '1.2.3', started_at: null }).execute()
  admin = await signedIn(console_.url, 'provider')
}
const read = async () => Restored.parse((await admin.ask('GET', '/api/restored')).body)

it('says so when this collector was never restored', async () => {
  admin = await signedIn(console_.url, 'provider')
  expect(await read()).toMatchObject({ last: null, endpointsAwaited: 0, tokens: [], sources: [], endpoints: [] })
})

it('ends sign-ins, and lets tokens and sources go on only when an admin of the provider says so', async () => {
  const person = await addPerson(console_, { login: 'ada' })
  const before = await signedIn(console_.url, 'ada')
  const { id: tokenId, token } = await console_.people.createApiToken({ personId: person, name: 'script' })
  const { id: sourceId, key } = await console_.people.createSource({ organisationId: own.organisation, name: 'firewall' })
  const [program, source] = [
    visit(console_.url, { authorization: `Bearer ${token}` }),
    visit(console_.url, { authorization: `Bearer ${key}` }),
  ]
  expect([(await program.ask('GET', '/api/tickets')).status, (await source.ask('POST', '/api/signals', signal)).status]).toEqual([200, 202])

  await restore()
  expect((await before.ask('GET', '/api/session')).status).toBe(401)
  expect([(await program.ask('GET', '/api/tickets')).status, (await source.ask('POST', '/api/signals', signal)).status]).toEqual([401, 401])
  const left = await read()
  expect(left.last).toEqual({ restoredAt: 9, madeAt: 5, program: '1.2.3' })
  expect(left.tokens).toContainEqual({ id: tokenId, name: 'script', person: { id: person, name: 'ada' }, createdAt: expect.any(Number) })
  expect(left.sources.map(({ name }) => name)).toEqual(['alpha source', 'firewall'])
  expect(left.commands).toMatchObject([{ id: own.command, endpoint: { id: own.endpoint, name: 'alpha-host' }, ticketId: own.ticket }])

  expect((await admin.ask('POST', `/api/restored/tokens/${tokenId}/confirm`)).status).toBe(200)
  expect((await admin.ask('POST', `/api/restored/sources/${sourceId}/confirm`)).status).toBe(200)
  expect([(await program.ask('GET', '/api/tickets')).status, (await source.ask('POST', '/api/signals', signal)).status]).toEqual([200, 202])
  expect((await read()).tokens.map(({ id }) => id)).not.toContain(tokenId)
  const audit = await console_.store.db.selectFrom('audit').select('target').where('action', 'like', '%.confirm').orderBy('id').execute()
  expect(audit.map(({ target }) => target)).toEqual([`token:${tokenId}`, `source:${sourceId}`])
})

it('lets a forgotten machine in where a person places it, once', async () => {
  await restore()
  const machine = { endpoint_id: 'forgotten-1', serial: 'abc', not_before: 1, not_after: 2, hostname: 'pc-9', platform: 'linux' as const }
  const seen = { address: '192.0.2.9', first_seen_at: 3, last_seen_at: 4, adopted_at: null }
  await console_.store.db
    .insertInto('forgotten_endpoints')
    .values({ ...machine, ...seen })
    .execute()
  expect((await read()).endpoints).toMatchObject([{ id: 'forgotten-1', serial: 'abc', hostname: 'pc-9', address: '192.0.2.9' }])
  const place = { organisationId: own.organisation, siteId: own.site }
  expect((await admin.ask('POST', '/api/restored/endpoints/forgotten-1/adopt', place)).status).toBe(200)
  expect((await admin.ask('POST', '/api/restored/endpoints/forgotten-1/adopt', place)).status).toBe(404)
  expect(await read()).toMatchObject({ endpoints: [], endpointsAwaited: 1 })
  expect((await admin.ask('GET', '/api/endpoints/forgotten-1')).body).toMatchObject({
    hostname: 'pc-9',
    organisation: { id: own.organisation },
  })
})
