import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor, visit } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

const text = 'echo "<b>hello</b>"\n'
const sha256 = createHash('sha256').update(text).digest('hex')

let console_: TestConsole
let alpha: Belongings
let anna: Visitor
let bert: Visitor
let id: string
beforeAll(async () => {
  console_ = await startConsole()
  alpha = await addOrganisation(console_, 'alpha')
  for (const login of ['anna', 'bert']) await addPerson(console_, { login, name: login })
  anna = await signedIn(console_.url, 'anna')
  bert = await signedIn(console_.url, 'bert')
})
afterAll(() => console_[Symbol.asyncDispose]())

const ask = (args: object) => anna.ask('POST', `/api/endpoints/${alpha.endpoint}/commands`, { verb: 'run-script', args, reason: 'to see' })
const newest = () =>
  console_.store.db.selectFrom('commands').select('args').where('verb', '=', 'run-script').orderBy('id', 'desc').executeTakeFirst()

describe('a script of the library', () => {
  it('is written by one person and can not be asked for before its review', async () => {
    const made = await anna.ask('POST', '/api/scripts', { name: 'say-hello', text })
    expect(made.status).toBe(201)
    id = (made.body as { id: string }).id
    expect((await ask({ name: 'say-hello' })).status).toBe(409)
  })

  it('is reviewed by somebody else, by the hash of what they read', async () => {
    expect((await anna.ask('POST', `/api/scripts/${id}/review`, { sha256 })).status).toBe(409)
    expect((await bert.ask('POST', `/api/scripts/${id}/review`, { sha256: '0'.repeat(64) })).status).toBe(409)
    expect((await bert.ask('POST', `/api/scripts/${id}/review`, { sha256 })).status).toBe(204)
    const { body } = await bert.ask('GET', '/api/scripts')
    expect(body).toMatchObject({
      scripts: [{ name: 'say-hello', sha256, writtenBy: 'anna', reviewedBy: 'bert', isSelfReviewed: false, text }],
    })
  })

  it.each([
    ['name', { name: 'say-hello' }],
    ['hash', { sha256, timeoutSeconds: 5 }],
  ])('is asked for by its %s, and its text goes with the command', async (_how, args) => {
    expect((await ask(args)).status).toBe(202)
    expect(JSON.parse((await newest())?.args ?? '')).toMatchObject({ script: text, sha256, interpreter: 'sh' })
  })

  it('that was retired, or is meant for other machines, is not', async () => {
    const made = await anna.ask('POST', '/api/scripts', { name: 'for-windows', platforms: ['windows'], text: 'exit' })
    const hash = createHash('sha256').update('exit').digest('hex')
    await bert.ask('POST', `/api/scripts/${(made.body as { id: string }).id}/review`, { sha256: hash })
    expect((await ask({ name: 'for-windows' })).status).toBe(409)
    expect((await bert.ask('DELETE', `/api/scripts/${id}`)).status).toBe(204)
    expect((await ask({ name: 'say-hello' })).status).toBe(409)
  })
})

it('what is of high risk is asked for by who signed in lately, and by no token', async () => {
  const { token } = (await bert.ask('POST', '/api/tokens', { name: 'program' })).body as { token: string }
  const raw = { verb: 'run-script', args: { script: text, sha256 }, reason: 'to see' }
  const program = visit(console_.url, { authorization: `Bearer ${token}` })
  expect((await program.ask('POST', `/api/endpoints/${alpha.endpoint}/commands`, raw)).status).toBe(403)
  expect((await program.ask('POST', `/api/endpoints/${alpha.endpoint}/commands`, { verb: 'ping', reason: 'to see' })).status).toBe(202)
  expect((await anna.ask('POST', `/api/endpoints/${alpha.endpoint}/commands`, raw)).status).toBe(202)
  await console_.store.db.updateTable('sessions').set({ created_at: 1 }).execute()
  const late = await anna.ask('POST', `/api/endpoints/${alpha.endpoint}/commands`, raw)
  expect([late.status, late.text]).toEqual([403, expect.stringContaining('sign in again')])
})

it('whoever is signed in is told whose word machines take', async () => {
  expect((await anna.ask('GET', '/api/session')).body).toMatchObject({ trust: { by: 'collector', operators: 0 } })
})
