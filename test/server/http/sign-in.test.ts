import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { minutes } from '#shared/domain/time.ts'
import { addPerson, password } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, visit } from './visitor.ts'

let console_: TestConsole
beforeAll(async () => {
  console_ = await startConsole()
  await addPerson(console_, { login: 'ada', name: 'Ada' })
})
afterAll(() => console_[Symbol.asyncDispose]())

const signIn = (login: string, given: string) => visit(console_.url).ask('POST', '/api/session', { login, password: given })

describe('signing in', () => {
  it('answers with who it is and what they may do, and sets a cookie that no script reads and no other site sends', async () => {
    const { status, headers, body } = await signIn('Ada', password)
    expect(status).toBe(200)
    expect(body).toMatchObject({ person: { name: 'Ada', organisationId: null }, powers: expect.arrayContaining(['administer', 'isolate']) })
    expect(headers.get('set-cookie')).toMatch(/^tierline=tlc_[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/)
  })

  it('answers an unknown login and a wrong password alike', async () => {
    const [unknown, wrong] = await Promise.all([signIn('nobody', password), signIn('ada', 'wrong')])
    expect(unknown).toMatchObject({ status: 401, body: { code: 'sign-in-refused' } })
    expect(unknown.text).toBe(wrong.text)
  })

  it('is limited after five wrong passwords, says how long to wait, and goes on after that', async () => {
    await addPerson(console_, { login: 'bob' })
    for (let attempt = 0; attempt < 5; attempt += 1) await signIn('bob', 'wrong')
    const limited = await signIn('bob', password)
    expect(limited).toMatchObject({ status: 429, body: { code: 'too-many-sign-ins', retryAfterSeconds: 900 } })
    expect(limited.headers.get('retry-after')).toBe('900')
    expect(limited.body.detail).toContain('15 minutes')
    await console_.time.advance(minutes(15))
    expect((await signIn('bob', password)).status).toBe(200)
  })

  it('ends by signing out, and after twelve hours', async () => {
    const first = await signedIn(console_.url, 'ada')
    const second = await signedIn(console_.url, 'ada')
    const stolen = first.cookie ?? ''
    expect((await first.ask('DELETE', '/api/session')).status).toBe(204)
    expect((await visit(console_.url, { cookie: stolen }).ask('GET', '/api/session')).status).toBe(401)
    expect((await second.ask('GET', '/api/session')).status).toBe(200)
    await console_.time.advance(minutes(12 * 60))
    expect((await second.ask('GET', '/api/session')).status).toBe(401)
  })

  it('goes on with a new password, which ends the other sessions and lets the old password in no more', async () => {
    await addPerson(console_, { login: 'dora' })
    const [here, elsewhere] = [await signedIn(console_.url, 'dora'), await signedIn(console_.url, 'dora')]
    const next = 'another correct horse'
    expect((await here.ask('POST', '/api/session/password', { current: password, next: 'too short' })).body).toMatchObject({
      errors: [{ field: 'next' }],
    })
    expect((await here.ask('POST', '/api/session/password', { current: password, next })).status).toBe(204)
    expect([(await here.ask('GET', '/api/session')).status, (await elsewhere.ask('GET', '/api/session')).status]).toEqual([200, 401])
    expect([(await signIn('dora', password)).status, (await signIn('dora', next)).status]).toEqual([401, 200])
    const line = await console_.store.db
      .selectFrom('audit')
      .innerJoin('audit_payloads', 'audit_id', 'audit.id')
      .selectAll()
      .where('action', '=', 'person.change-password')
      .executeTakeFirstOrThrow()
    expect(line.target).toBe(`person:${line.actor}`)
    expect(line.detail).not.toContain('correct horse')
  })

  it('lets nobody guess the password of somebody who went for coffee, nor a token change it', async () => {
    await addPerson(console_, { login: 'emil' })
    const seat = await signedIn(console_.url, 'emil')
    const guess = (current: string) => seat.ask('POST', '/api/session/password', { current, next: 'twelve letters or more' })
    const { token } = (await seat.ask('POST', '/api/tokens', { name: 'script' })).body
    const program = visit(console_.url, { authorization: `Bearer ${token}` })
    const byToken = await program.ask('POST', '/api/session/password', { current: password, next: 'twelve letters or more' })
    expect(byToken).toMatchObject({ status: 403, body: { code: 'session-only' } })
    for (const answer of await Promise.all(Array.from({ length: 5 }, () => guess('wrong')))) {
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'current', message: 'is not your password' }] } })
    }
    expect(await guess(password)).toMatchObject({ status: 429, body: { code: 'too-many-sign-ins' } })
    expect((await signIn('emil', password)).status).toBe(429)
  })

  it('ends at once when the person is disabled', async () => {
    const admin = await signedIn(console_.url, 'ada')
    const id = await addPerson(console_, { login: 'cleo' })
    const cleo = await signedIn(console_.url, 'cleo')
    expect((await admin.ask('DELETE', `/api/people/${id}`)).status).toBe(204)
    expect((await cleo.ask('GET', '/api/session')).status).toBe(401)
    expect((await signIn('cleo', password)).status).toBe(401)
  })
})
