import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { days } from '#shared/domain/time.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor, visit } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

let console_: TestConsole
let own: Belongings
let admin: Visitor
beforeAll(async () => {
  console_ = await startConsole()
  own = await addOrganisation(console_, 'alpha')
  await addPerson(console_, { login: 'ada' })
  admin = await signedIn(console_.url, 'ada')
})
afterAll(() => console_[Symbol.asyncDispose]())

const as = (secret: string) => visit(console_.url, { authorization: `Bearer ${secret}` })
const signal = { kind: 'security.firewall.blocked', severity: 'high', fingerprint: 'fw:1', summary: 'Port scan blocked' }

describe('a token', () => {
  const make = async (body: object) =>
    (await admin.ask('POST', '/api/tokens', { name: 'script', ...body })).body as { id: string; token: string }

  it('acts as its person until it is revoked', async () => {
    const { id, token } = await make({})
    expect(token).toMatch(/^tlt_[\w-]{43}$/)
    expect((await as(token).ask('GET', '/api/session')).body).toMatchObject({ person: { login: 'ada' } })
    expect((await admin.ask('GET', '/api/tokens')).text).not.toContain(token)
    expect((await admin.ask('DELETE', `/api/tokens/${id}`)).status).toBe(204)
    expect((await as(token).ask('GET', '/api/session')).status).toBe(401)
  })

  it('ends at its date', async () => {
    const { token } = await make({ ttlDays: 1 })
    expect((await as(token).ask('GET', '/api/session')).status).toBe(200)
    await console_.time.advance(days(1))
    expect((await as(token).ask('GET', '/api/session')).status).toBe(401)
    admin = await signedIn(console_.url, 'ada')
  })

  it('makes no other token, and is not stored as it is', async () => {
    const { token } = await make({})
    expect(await as(token).ask('POST', '/api/tokens', { name: 'for ever' })).toMatchObject({ status: 403, body: { code: 'session-only' } })
    expect(JSON.stringify(await console_.store.db.selectFrom('api_tokens').selectAll().execute())).not.toContain(token)
  })

  it('that is wrong does not fall back to the cookie beside it', async () => {
    for (const authorization of ['Bearer tlt_wrong', 'Bearer', 'Basic YWRhOmFkYQ==', 'Bearer tls_wrong'])
      expect((await admin.ask('GET', '/api/session', undefined, { authorization })).status).toBe(401)
  })
})

describe('a source', () => {
  const make = async () =>
    (await admin.ask('POST', '/api/sources', { organisationId: own.organisation, name: 'firewall' })).body as { id: string; key: string }

  it('hands in signals of its own organisation and reads nothing', async () => {
    const { id, key } = await make()
    console_.asked.length = 0
    expect(await as(key).ask('POST', '/api/signals', signal)).toMatchObject({ status: 202, body: { id: expect.any(String) } })
    expect(console_.asked).toEqual([
      ['ingest.takeFromSource', { id, organisationId: own.organisation }, expect.objectContaining({ ...signal, state: 'happened' })],
    ])
    expect((await as(key).ask('GET', '/api/tickets')).status).toBe(401)
    expect(await as(key).ask('POST', '/api/signals', { ...signal, kind: 'system.ingest.stopped' })).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'kind' }] },
    })
    expect(await as(key).ask('POST', '/api/signals', { ...signal, kind: 'Not A Kind' })).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'kind' }] },
    })
  })

  it('is shut out when it is revoked; people are no source', async () => {
    const { id, key } = await make()
    await admin.ask('DELETE', `/api/sources/${id}`)
    expect((await as(key).ask('POST', '/api/signals', signal)).status).toBe(401)
    expect((await admin.ask('POST', '/api/signals', signal)).status).toBe(401)
  })
})
