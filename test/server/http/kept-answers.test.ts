import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hours } from '#shared/domain/time.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'

let console_: TestConsole
let admin: Visitor
beforeAll(async () => {
  console_ = await startConsole()
  await addPerson(console_, { login: 'ada' })
  admin = await signedIn(console_.url, 'ada')
})
afterAll(() => console_[Symbol.asyncDispose]())

const create = (key: string, name: string, path = '/api/organisations') =>
  admin.ask('POST', path, { name, timeZone: 'Europe/Berlin' }, { 'idempotency-key': key })
const named = async (name: string) =>
  (await console_.store.db.selectFrom('organisations').selectAll().where('name', '=', name).execute()).length

describe('an Idempotency-Key', () => {
  it('that comes again with the same body is answered with the kept answer, and nothing is made or audited again', async () => {
    const key = randomUUID()
    const first = await create(key, 'Harbour Dental')
    const again = await create(key, 'Harbour Dental')
    expect(again).toMatchObject({ status: 201, body: first.body })
    expect([first, again].map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, 'true'])
    expect(await named('Harbour Dental')).toBe(1)
    const lines = await console_.store.db.selectFrom('audit').selectAll().where('action', '=', 'organisation.create').execute()
    expect(lines).toHaveLength(1)
  })

  it('that comes again with another body is refused', async () => {
    const key = randomUUID()
    await create(key, 'One')
    expect(await create(key, 'Two')).toMatchObject({ status: 422, body: { code: 'key-reused' } })
    expect(await named('Two')).toBe(0)
  })

  it('that comes many times at once has one effect and one answer', async () => {
    const key = randomUUID()
    const answers = await Promise.all(Array.from({ length: 8 }, () => create(key, 'At once')))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(await named('At once')).toBe(1)
  })

  it('is given back by what was refused', async () => {
    const key = randomUUID()
    const person = (login: string) =>
      admin.ask('POST', '/api/people', { name: 'Eve', login, password: 'twelve letters', teams: [] }, { 'idempotency-key': key })
    expect((await person('ada')).status).toBe(409)
    expect((await person('eve')).status).toBe(201)
  })

  it('whose answer held a secret is told so, and the secret is kept nowhere', async () => {
    const key = randomUUID()
    const make = () => admin.ask('POST', '/api/tokens', { name: 'script' }, { 'idempotency-key': key })
    const { token } = (await make()).body as { token: string }
    expect(await make()).toMatchObject({ status: 409, body: { code: 'key-answered' } })
    const kept = await console_.store.db.selectFrom('idempotency_keys').selectAll().execute()
    expect(JSON.stringify(kept)).not.toContain(token)
  })

  it('whose work broke off is not tried again by itself', async () => {
    const key = randomUUID()
    await create(key, 'Broken')
    await console_.store.db.updateTable('idempotency_keys').set({ status: 0, body: '' }).execute()
    expect(await create(key, 'Broken')).toMatchObject({ status: 409, body: { code: 'key-unfinished' } })
    expect(await named('Broken')).toBe(1)
  })

  it('is forgotten after a day', async () => {
    const key = randomUUID()
    await create(key, 'Daily')
    await console_.time.advance(hours(25))
    admin = await signedIn(console_.url, 'ada')
    expect((await create(key, 'Daily')).status).toBe(201)
    expect(await named('Daily')).toBe(2)
  })

  it('that is no key is refused', async () => {
    expect(await create('ü'.repeat(3), 'x').catch(() => 'unsendable')).toSatisfy(
      (answer) => answer === 'unsendable' || answer.status === 400,
    )
    expect(await create('x'.repeat(201), 'x')).toMatchObject({ status: 400, body: { errors: [{ field: 'Idempotency-Key' }] } })
  })
})
