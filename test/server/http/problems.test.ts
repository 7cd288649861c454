import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Problem } from '#shared/api/problem.ts'
import { problems } from '../../../server/http/problems.ts'
import { addPerson } from './persons.ts'
import { rawBytes } from './raw-request.ts'
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

describe('bad input', () => {
  it('out of its schema is 400 with each field named', async () => {
    const { status, headers, body } = await admin.ask('POST', '/api/organisations', { name: '', timeZone: 'Mars/Olympus', mode: 'asleep' })
    expect(status).toBe(400)
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    expect(Problem.parse(body)).toMatchObject({ code: 'invalid-input', detail: expect.stringContaining('name, mode, timeZone') })
    expect(body.errors).toContainEqual({ field: 'timeZone', message: 'expected a time zone such as Europe/Berlin' })
  })

  it.each([
    ['a query', 'GET', '/api/tickets?limit=nine', undefined, 'limit'],
    ['a range of samples', 'GET', '/api/endpoints/ID/samples?from=0&to=999999999999', undefined, 'from'],
    ['a body that is empty', 'POST', '/api/organisations', { timeZone: 'Europe/Berlin' }, 'name'],
    ['a list instead of an object', 'POST', '/api/organisations', [], 'body'],
    [
      'a team that the matrix does not have',
      'POST',
      '/api/people',
      { name: 'Eve', login: 'eve', password: 'twelve letters', teams: ['tier9'] },
      'teams',
    ],
  ])('names the field of %s', async (_, method, path, body, field) => {
    const answer = await admin.ask(method, path.replace('ID', own.endpoint), body)
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-input', errors: [expect.objectContaining({ field })] } })
  })

  it('that is not JSON, too large, or of another type says so', async () => {
    const post = (body: string, type = 'application/json') => admin.ask('POST', '/api/organisations', body, { 'content-type': type })
    expect(await post('{"name":')).toMatchObject({ status: 400, body: { code: 'bad-json' } })
    expect(await post('')).toMatchObject({ status: 400, body: { code: 'bad-json' } })
    expect(await post(JSON.stringify({ name: 'x'.repeat(1_100_000) }))).toMatchObject({ status: 413, body: { code: 'too-large' } })
    expect(await post('{"name":"x"}', 'text/plain')).toMatchObject({ status: 415, body: { code: 'not-json' } })
  })

  it('with a NUL character, which no database has to hold, names its field', async () => {
    const answer = await admin.ask('POST', '/api/tickets', { organisationId: own.organisation, title: 'a\0b' })
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'title', message: 'holds a NUL character' }] } })
    expect((await admin.ask('GET', '/api/tickets/a%00b')).status).toBe(400)
  })

  it('in the address is a Problem too', async () => {
    expect(await admin.ask('GET', '/api/nothing')).toMatchObject({ status: 404, body: { code: 'not-found' } })
    expect(await admin.ask('PUT', '/api/tickets', {})).toMatchObject({ status: 404, body: { code: 'not-found' } })
    expect(await admin.ask('GET', '/api/tickets/%E0%A4%A')).toMatchObject({ status: 400, body: { code: 'bad-request' } })
    expect(await rawBytes(console_.url, 'nonsense\r\n\r\n')).toBe('HTTP/1.1 400 Bad Request')
    expect((await admin.ask('GET', '/api/session')).status).toBe(200)
  })
})

describe('what the desk answers', () => {
  const act = (verb: string, body: object) => admin.ask('POST', `/api/tickets/${own.ticket}/${verb}`, body)

  it('becomes 409 with the version as it is now, with why not, or with what would be legal', async () => {
    const taken = await act('acknowledge', { version: 1 })
    expect(taken).toMatchObject({ status: 200, body: { id: own.ticket, status: 'acknowledged' } })
    const { version } = taken.body
    expect(await act('comments', { version: 1, text: 'too late' })).toMatchObject({ status: 409, body: { code: 'stale', version } })
    expect(await act('leave', { version, reason: 'no' })).toMatchObject({
      status: 409,
      body: { code: 'refused', detail: expect.any(String) },
    })
    expect(await act('acknowledge', { version })).toMatchObject({
      status: 409,
      body: { code: 'not-legal', legal: ['wait', 'resolve', 'escalate'] },
    })
  })
})

describe('what was not expected', () => {
  it('tells the caller an id and nothing else', async () => {
    const broken = await startConsole({
      identity: {
        register: () => undefined,
        createToken: () => Promise.reject(new Error('select secret from table')),
        revoke: () => Promise.reject(new Error('select secret from table')),
        confirmRole: () => Promise.reject(new Error('select secret from table')),
        tag: async () => undefined,
        adopt: () => Promise.reject(new Error('select secret from table')),
      },
    })
    await using _ = broken
    const { endpoint } = await addOrganisation(broken, 'alpha')
    await addPerson(broken, { login: 'ada' })
    const answer = await (await signedIn(broken.url, 'ada')).ask('DELETE', `/api/endpoints/${endpoint}`)
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal', detail: expect.stringContaining('log has it under req-') } })
    expect(answer.text).not.toContain('secret')
  })
})

describe('the table of problems', () => {
  it('is documented: every code stands in what /docs shows', async () => {
    const { body } = await visit(console_.url).ask('GET', '/docs/json')
    const { description } = body.info as { description: string }
    for (const code of Object.keys(problems)) expect(description).toContain(`\`${code}\``)
  })

  it('holds no code that nobody uses', () => {
    const folder = join(import.meta.dirname, '../../../server/http')
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && file !== 'problems.ts',
    )
    const text = sources.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')
    expect(Object.keys(problems).filter((code) => !text.includes(`'${code}'`))).toEqual([])
  })
})
