import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { minutes } from '#shared/domain/time.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, visit } from './visitor.ts'
import { addPerson, password } from './world.ts'

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

  it('ends at once when the person is disabled', async () => {
    const admin = await signedIn(console_.url, 'ada')
    const id = await addPerson(console_, { login: 'cleo' })
    const cleo = await signedIn(console_.url, 'cleo')
    expect((await admin.ask('DELETE', `/api/people/${id}`)).status).toBe(204)
    expect((await cleo.ask('GET', '/api/session')).status).toBe(401)
    expect((await signIn('cleo', password)).status).toBe(401)
  })
})
