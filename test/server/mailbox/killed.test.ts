import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { createTake } from '../../../server/desk/answers.ts'
import type { Desk } from '../../../server/desk/desk.ts'
import { createHeldMails } from '../../../server/desk/held-mails.ts'
import { createTicketTokens } from '../../../server/notify/ticket-token.ts'
import { madeDatabase } from '../../support/database.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { startPostgres } from '../../support/postgres.ts'
import { hire } from '../../support/staff.ts'

/* A collector that is killed as soon as a ticket has what a mail says, and before anything that comes after that. */
const postgres = await startPostgres()
if (postgres.kind === 'unavailable') console.log(`Mails of a collector that is killed are tried on SQLite only: ${postgres.reason}`)
afterAll(async () => {
  if (postgres.kind === 'running') await postgres.stop()
})
const databases = [['SQLite', undefined], ...(postgres.kind === 'running' ? [['PostgreSQL', postgres.url] as const] : [])] as const

const tokens = createTicketTokens('a key of this test')
let room: DeskRoom
afterEach(() => room.close())

const words = 'It works again.'
const killed = async (): Promise<never> => Promise.reject(new Error('killed'))

type Said = Pick<Desk, 'comment' | 'hearCustomer' | 'open'>
/** Does what it is asked, and then nothing more. */
const dying = (desk: Desk): Said => ({
  comment: (act) => desk.comment(act).then(killed),
  hearCustomer: (act) => desk.hearCustomer(act).then(killed),
  open: (opening) => desk.open(opening).then(killed),
})

const mail = (from: string, subject: string): Buffer =>
  Buffer.from([`From: Somebody <${from}>`, `Subject: ${subject}`, `Message-ID: <one@acme.example>`, '', words, ''].join('\r\n'))
const read = (raw: Buffer, desk: Said): Promise<void> =>
  createTake({ store: room.store, tokens, desk, time: room.time, ownServer: 'mx.example.org' })(raw)
const said = async (): Promise<number> =>
  (await room.store.db.selectFrom('timeline').select('body').execute()).filter(({ body }) => body.includes(words)).length
const kept = () => room.store.db.selectFrom('mails').select(['status', 'ticket_id']).execute()

describe.each(databases)('on %s', (_, url) => {
  const begin = async (): Promise<string> => {
    room = await openDeskRoom(url === undefined ? {} : { url: await madeDatabase(url, randomUUID()) })
    await hire(room, 'ann', { login: 'ann@example.org', teams: '["tier1"]' })
    await hire(room, 'carl', { login: 'carl@acme.example', teams: '[]', organisation_id: 'acme' })
    await room.signals({ endpointId: 'srv' })
    return (await room.store.db.selectFrom('tickets').select('id').executeTakeFirstOrThrow()).id
  }

  it.each([
    ['of a customer', 'carl@acme.example'],
    ['of our own people', 'ann@example.org'],
  ])('an answer %s is said once', async (_who, from) => {
    const ticketId = await begin()
    const raw = mail(from, `Re: P3 #1 [#${tokens.tokenOf(1)}]`)
    await expect(read(raw, dying(room.desk))).rejects.toThrow('killed')
    expect([await said(), await kept()]).toEqual([1, [{ status: 'taken', ticket_id: ticketId }]])
    await read(raw, room.desk)
    expect(await said()).toBe(1)
  })

  it('an answer that two read at one moment is said once', async () => {
    await begin()
    const raw = mail('carl@acme.example', `Re: P3 #1 [#${tokens.tokenOf(1)}]`)
    await Promise.allSettled([read(raw, room.desk), read(raw, room.desk)])
    expect([await said(), (await kept()).length]).toEqual([1, 1])
  })

  it('what the mail’s row can’t be kept with isn’t said', async () => {
    await begin()
    const raw = mail('carl@acme.example', `Re: P3 #1 [#${tokens.tokenOf(1)}]`)
    await room.store.db.schema.alterTable('mails').renameTo('mails_away').execute()
    await expect(read(raw, room.desk)).rejects.toThrow()
    expect(await said()).toBe(0)
    await room.store.db.schema.alterTable('mails_away').renameTo('mails').execute()
    await read(raw, room.desk)
    expect(await said()).toBe(1)
  })

  it('a request opens one ticket', async () => {
    await begin()
    const raw = mail('carl@acme.example', 'The printer is on fire')
    await expect(read(raw, dying(room.desk))).rejects.toThrow('killed')
    const opened = await room.store.db.selectFrom('tickets').select('id').where('endpoint_id', 'is', null).execute()
    expect(await kept()).toEqual([{ status: 'taken', ticket_id: opened[0]?.id }])
    await read(raw, room.desk)
    expect(await room.store.db.selectFrom('tickets').select('id').where('endpoint_id', 'is', null).execute()).toEqual(opened)
  })

  it('one that a person puts on a ticket is said once, also when two do', async () => {
    const ticketId = await begin()
    const put = (id: string) =>
      room.store.db
        .insertInto('mails')
        .values({
          ...{ id, status: 'held', reason: '', sender: 'eve@nobody.example', subject: 'it', text: words },
          ticket_id: null,
          received_at: 5,
        })
        .execute()
    const ann = { id: 'ann', name: 'Ann' }
    await put('one')
    await expect(createHeldMails({ store: room.store, desk: dying(room.desk) }).take('one', ticketId, ann)).rejects.toThrow('killed')
    expect([await said(), await kept()]).toEqual([1, [{ status: 'taken', ticket_id: ticketId }]])
    const { take } = createHeldMails({ store: room.store, desk: room.desk })
    expect(await take('one', ticketId, ann)).toEqual({ kind: 'missing' })
    await put('two')
    const both = await Promise.all([take('two', ticketId, ann), take('two', ticketId, ann)])
    expect(both.map(({ kind }) => kind).toSorted()).toEqual(['done', 'missing'])
    expect(await said()).toBe(2)
  })
})
