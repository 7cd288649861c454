import { afterEach, beforeEach, expect, it } from 'vitest'
import { HeldMails } from '#shared/api/mails.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

let console_: TestConsole
let alpha: Belongings
let technician: Visitor

beforeEach(async () => {
  console_ = await startConsole()
  alpha = await addOrganisation(console_, 'alpha')
  await addPerson(console_, { login: 'ada' })
  technician = await signedIn(console_.url, 'ada')
  await put('one@nobody.example', { status: 'held' })
})
afterEach(() => console_[Symbol.asyncDispose]())

const put = (id: string, { status }: { status: 'held' | 'taken' }) =>
  console_.store.db
    .insertInto('mails')
    .values({
      ...{ id, status, reason: 'nobody knows its sender', sender: 'eve@nobody.example', subject: 'Re: it', text: '<b>It still hangs.</b>' },
      ...{ ticket_id: null, received_at: 5 },
    })
    .execute()
const waiting = async () => HeldMails.parse((await technician.ask('GET', '/api/mails')).body).mails.map(({ id }) => id)
const comments = async () => {
  const rows = await console_.store.db.selectFrom('timeline').select(['actor', 'body']).where('kind', '=', 'commented').execute()
  return rows.map(({ body }) => (JSON.parse(body) as { text: string }).text)
}

it('shows what waits for a person, and nothing that does not', async () => {
  await put('two@nobody.example', { status: 'taken' })
  expect((await technician.ask('GET', '/api/mails')).body.mails).toEqual([
    {
      ...{ id: 'one@nobody.example', sender: 'eve@nobody.example', subject: 'Re: it', text: '<b>It still hangs.</b>' },
      ...{ reason: 'nobody knows its sender', ticketId: null, receivedAt: 5 },
    },
  ])
})

it('puts one on a ticket as the words of its sender, once', async () => {
  const take = () => technician.ask('POST', '/api/mails/take', { mail: 'one@nobody.example', ticketId: alpha.ticket })
  expect((await take()).status).toBe(200)
  expect(await comments()).toContain('eve@nobody.example wrote by mail, “Re: it”:\n\n<b>It still hangs.</b>')
  expect(await waiting()).toEqual([])
  expect((await take()).status).toBe(404)
})

it('drops one, once', async () => {
  const drop = () => technician.ask('POST', '/api/mails/drop', { mail: 'one@nobody.example' })
  expect((await drop()).status).toBe(200)
  expect(await waiting()).toEqual([])
  expect((await drop()).status).toBe(404)
})

it('keeps a mail that its ticket would not take', async () => {
  const taken = await technician.ask('POST', '/api/mails/take', { mail: 'one@nobody.example', ticketId: 'no-such-ticket' })
  expect(taken.status).toBe(404)
  expect(await waiting()).toEqual(['one@nobody.example'])
})
