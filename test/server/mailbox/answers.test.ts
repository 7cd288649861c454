import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTake, startAnswers } from '../../../server/desk/answers.ts'
import { createTicketTokens } from '../../../server/notify/ticket-token.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { canRunDovecot, startDovecot } from '../../support/dovecot.ts'
import { hire } from '../../support/staff.ts'

if (!canRunDovecot) console.log('The IMAP test is not run: dovecot (package dovecot-imapd) is missing, or this is not root.')

let room: DeskRoom
const tokens = createTicketTokens('a key of this test')
const token = tokens.tokenOf(1)

beforeEach(async () => {
  room = await openDeskRoom()
  await hire(room, 'ann', { login: 'ann@example.org', teams: '["tier1"]' })
  await hire(room, 'carl', { login: 'carl@acme.example', teams: '[]', organisation_id: 'acme' })
  await hire(room, 'olga', { login: 'olga@other.example', teams: '[]', organisation_id: 'other' })
  await room.signals({ endpointId: 'srv' })
})
afterEach(() => room.close())

interface Wanted {
  from?: string
  subject?: string
  id?: string
  text?: string
  headers?: string[]
}
const mail = ({
  from = 'carl@acme.example',
  subject = `Re: P3 #1 [#${token}]`,
  id = 'one@acme.example',
  text = 'It works again.',
  headers = [],
}: Wanted = {}) =>
  [
    `From: Somebody <${from}>`,
    'To: desk@example.org',
    `Subject: ${subject}`,
    `Message-ID: <${id}>`,
    ...headers,
    'Content-Type: text/plain; charset=utf-8',
    '',
    text,
    '',
    'On Mon, 23 Nov 2026 at 09:00, Desk <desk@example.org> wrote:',
    '> A ticket opened.',
    '',
  ].join('\r\n')

const take = (raw: string) =>
  createTake({ store: room.store, tokens, desk: room.desk, time: room.time, ownServer: 'mx.example.org' })(Buffer.from(raw))
const mails = () => room.store.db.selectFrom('mails').select(['status', 'reason', 'sender', 'text', 'ticket_id']).execute()
const said = async () =>
  (await room.store.db.selectFrom('timeline').select(['kind', 'actor', 'body']).execute())
    .filter(({ body }) => body.includes('It works again.'))
    .map(({ actor }) => actor)

describe('an answer by mail', () => {
  it('stands on its ticket, without what it quotes; a customer’s keeps no promise of ours', async () => {
    await take(mail())
    expect(await said()).toEqual(['carl'])
    expect(await mails()).toMatchObject([{ status: 'taken', text: 'It works again.' }])
    expect(await room.store.db.selectFrom('tickets').select('responded_at').executeTakeFirst()).toEqual({ responded_at: null })
  })

  it('of our own people is a comment of theirs', async () => {
    await take(mail({ from: 'ann@example.org' }))
    expect(await said()).toEqual(['ann'])
    expect(await room.store.db.selectFrom('tickets').select('responded_at').executeTakeFirst()).toEqual({ responded_at: room.time.now() })
  })

  it('is found by the thread it stands in, where its subject was changed', async () => {
    await take(mail({ subject: 'Solved', headers: [`References: <x@y> <ticket-${token}@example.org>`] }))
    expect(await said()).toEqual(['carl'])
  })

  it('is said once, however often it is read', async () => {
    await take(mail())
    await take(mail())
    expect(await said()).toEqual(['carl'])
  })
})

describe('what waits for a person', () => {
  it.each([
    ['an unknown sender', { from: 'mallory@example.net' }, 'nobody knows its sender'],
    ['a token that is none of ours', { subject: `Re: [#1-${'0'.repeat(15)}]` }, 'it answers no ticket'],
    ['another organisation', { from: 'olga@other.example' }, 'its sender is of another organisation'],
    ['a forged sender', { headers: ['Authentication-Results: mx.example.org; spf=fail; dmarc=fail'] }, 'our mail server doubts'],
  ])('%s', async (_, wanted, reason) => {
    await take(mail(wanted))
    expect(await said()).toEqual([])
    expect(await mails()).toMatchObject([{ status: 'held', reason: expect.stringContaining(reason) }])
  })

  it('not what somebody else’s server thinks, whoever put that into the mail', async () => {
    await take(mail({ headers: ['Authentication-Results: mx.attacker.example; dmarc=fail'] }))
    expect(await said()).toEqual(['carl'])
  })

  it('what nobody can read, and the next one is read', async () => {
    const deep = Array.from({ length: 200 }, (_, level) => `Content-Type: multipart/mixed; boundary="b${level}"\r\n\r\n--b${level}\r\n`)
    await take(`From: mallory@example.net\r\n${deep.join('')}`)
    await take(mail())
    expect(await mails()).toMatchObject([{ status: 'held', reason: expect.stringContaining('can’t be read') }, { status: 'taken' }])
  })

  it('more than a person writes in an hour', async () => {
    for (let nth = 0; nth < 25; nth += 1) await take(mail({ id: `${nth}@acme.example` }))
    expect((await mails()).filter(({ status }) => status === 'held')).toHaveLength(5)
  })
})

describe('what nobody wrote', () => {
  it.each([
    ['an absence note', ['Auto-Submitted: auto-replied']],
    ['a bounce', ['Return-Path: <>']],
    ['our own mail', ['X-Tierline: notice']],
    ['a list', ['List-Id: <all.acme.example>']],
    ['an old program', ['Precedence: auto_reply']],
  ])('%s is dropped, and nobody is told', async (_, headers) => {
    await take(mail({ headers }))
    expect(await said()).toEqual([])
    expect(await mails()).toMatchObject([{ status: 'dropped', ticket_id: null }])
  })
})

describe.skipIf(!canRunDovecot)('a real IMAP server', () => {
  it('is read, each mail once, and told so', async () => {
    await using dovecot = await startDovecot()
    await dovecot.deliver(mail())
    await dovecot.deliver(mail({ id: 'two@acme.example', from: 'mallory@example.net' }))
    const imap = { host: '127.0.0.1', port: dovecot.port, user: 'test', password: dovecot.password, tls: 'none' as const, folder: 'INBOX' }
    const settings = { from: 'desk@example.org', smtp: imap, imap }
    const stop = startAnswers({ settings, tokens, store: room.store, desk: room.desk, time: room.time, log: pino({ level: 'silent' }) })
    await room.time.advance(1)
    await expect.poll(dovecot.unread, { timeout: 10_000 }).toBe(0)
    expect(await said()).toEqual(['carl'])
    expect((await mails()).map(({ status }) => status).toSorted()).toEqual(['held', 'taken'])
    await stop()
  })
})
