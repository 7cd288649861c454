import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hours, minutes } from '#shared/domain/time.ts'
import { createTake } from '../../../server/desk/answers.ts'
import type { Opening } from '../../../server/desk/opening.ts'
import { createTicketTokens } from '../../../server/notify/ticket-token.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { type MailServer, startMailServer } from '../../support/mail-server.ts'
import { hire } from '../../support/staff.ts'

let folder: string
let mails: MailServer
let room: DeskRoom
let heardBefore: number

const eva = { name: 'Eva Muster', mail: 'Eva@acme.example' }
const ann = { id: 'ann', name: 'Ann' }

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierline-requesters-'))
  mails = await startMailServer()
  room = await openDeskRoom({ startsAt: '2026-11-23T08:00:00Z', calls: { mailFile: await mailFile() } })
  heardBefore = 0
})
afterEach(async () => {
  await room.close()
  await mails[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

async function mailFile(): Promise<string> {
  const file = join(folder, 'mail.yaml')
  const server = `{ host: 127.0.0.1, port: ${mails.port}, tls: none }`
  await writeFile(file, `from: Desk <desk@example.org>\nsmtp: ${server}\nimap: ${server}\n`, { mode: 0o600 })
  return file
}

const open = (more: Partial<Opening> = {}): Promise<string> =>
  room.desk.open({ organisationId: 'acme', title: 'Excel hangs', text: '', urgency: 'high', requester: eva, person: ann, ...more })
const act = async () => {
  const { id, version } = await room.store.db.selectFrom('tickets').selectAll().orderBy('number', 'desc').executeTakeFirstOrThrow()
  return { ticketId: id, version, person: ann }
}
/** What came since the last time somebody asked. */
const heard = async () => {
  await room.outbox.idle()
  const came = mails.mails.slice(heardBefore)
  heardBefore = mails.mails.length
  return came.map(({ to, email }) => ({ to: to[0], subject: email.subject ?? '', text: email.text ?? '' }))
}
const timeline = async (kind: string) =>
  (await room.store.db.selectFrom('timeline').select(['kind', 'actor', 'body']).orderBy('at').orderBy('id').execute())
    .filter((row) => row.kind === kind)
    .map(({ actor, body }) => ({ actor, body: JSON.parse(body) as Record<string, unknown> }))

describe('who asks for something', () => {
  it('hears that it was received: who has it, in which tier, the next step, until when', async () => {
    await hire(room, 'ann', { name: 'Ann', teams: '["tier1"]' })
    await open()
    const [mail, ...others] = await heard()
    expect(others).toEqual([])
    expect(mail?.to).toBe('eva@acme.example')
    expect(mail?.subject).toMatch(/^Your request #1: Excel hangs \[#1-[0-9a-f]{15}\]$/)
    expect(mail?.text.trim().split('\n')).toEqual([
      'Hello Eva Muster,',
      '',
      'we have received your request.',
      'Ann of the first line has it.',
      'Next: they look into it.',
      'You hear from a person by Monday 23 November at 11:00 CET.',
      '',
      'To add something, answer this mail.',
    ])
    expect(await timeline('opened')).toMatchObject([{ actor: 'ann', body: { requester: 'Eva Muster' } }])
  })

  it('hears of each hop with its reason, and so does whoever gets it; nobody hears what was tried', async () => {
    await hire(room, 'ann', { name: 'Ann', teams: '["tier1"]' })
    await hire(room, 'bob', { name: 'Bob', teams: '["tier2"]' })
    const way = { name: 'bob', notifier: 'email', settings: { to: 'bob@example.org' }, organisationId: null }
    await room.receivers.create({ ...way, audience: 'person', personId: 'bob', rank: 1 })
    await open()
    await heard()
    await room.desk.acknowledge(await act())
    expect(await heard()).toEqual([])
    const hop = { reason: 'expertise', tried: 'a secret trick', hypothesis: '', mayLeaveSecurity: false } as const
    await room.desk.escalate({ ...(await act()), ...hop })
    const told = await heard()
    const [toBob] = told.filter(({ to }) => to === 'bob@example.org')
    expect(toBob?.text).toContain('This ticket is yours. It moved from tier1 to tier2 (expertise).')
    const [toEva] = told.filter(({ to }) => to === 'eva@acme.example')
    expect(toEva?.text).toContain('moved on to other people, because it needs somebody who knows more of this.')
    expect(toEva?.text).toContain('Bob of the second line has it.')
    const rows = await room.store.db.selectFrom('outbox').select(['event', 'body']).where('event', '=', 'request.moved').execute()
    expect(rows).toHaveLength(1)
    expect(rows[0]?.body).not.toContain('a secret trick')
  })

  it('hears when its time there is over and it moves by itself', async () => {
    await hire(room, 'ann', { name: 'Ann', teams: '["tier1"]' })
    await hire(room, 'bob', { name: 'Bob', teams: '["tier2"]' })
    await open()
    await room.desk.acknowledge(await act())
    await heard()
    await room.time.advance(minutes(15))
    await room.timers.idle()
    expect(await heard()).toMatchObject([{ text: expect.stringContaining('because the time that it may take there is over') }])
  })

  it('is asked in mail, answers by mail, and hears how it ended; an answer to that opens it again', async () => {
    await open()
    await room.desk.acknowledge(await act())
    await heard()
    await room.desk.wait({ ...(await act()), waitingFor: 'customer', until: null, note: 'Which Excel is it?' })
    const [asked] = await heard()
    expect(asked?.text).toContain('Which Excel is it?')
    await answer(asked?.subject ?? '', 'The old one.')
    expect(await room.store.db.selectFrom('tickets').select(['status', 'waiting_for']).execute()).toEqual([
      { status: 'acknowledged', waiting_for: null },
    ])
    await room.desk.resolve({ ...(await act()), resolution: 'fixed', note: 'We took the new one.' })
    const [ended] = await heard()
    expect(ended?.text).toMatch(/it is solved\.[\s\S]*We took the new one\./)
    await answer(ended?.subject ?? '', 'It hangs again.')
    expect(await room.store.db.selectFrom('tickets').select(['status', 'resolution']).execute()).toEqual([
      { status: 'new', resolution: null },
    ])
    expect(await heard()).toMatchObject([{ text: expect.stringContaining('open again') }])
  })

  it('is told in German where they or their organisation speak it', async () => {
    await open({ requester: { ...eva, language: 'de' } })
    const [mail] = await heard()
    expect(mail?.subject).toContain('Ihre Anfrage #1: Excel hangs')
    expect(mail?.text).toContain('wir haben Ihre Anfrage erhalten.')
    expect(mail?.text).toContain('Sie hören bis Montag, 23. November um 11:00 MEZ von einem Menschen.')
    await room.store.db.updateTable('organisations').set({ language: 'de' }).where('id', '=', 'acme').execute()
    await open({ requester: { name: 'Udo', mail: 'udo@acme.example' } })
    await open({ requester: { name: 'Una', mail: 'una@acme.example', language: 'en' } })
    expect((await heard()).map(({ subject }) => subject.slice(0, 12))).toEqual(['Ihre Anfrage', 'Your request'])
  })

  it('hears nothing while the organisation observes', async () => {
    await room.store.db.updateTable('organisations').set({ mode: 'observe' }).execute()
    await open()
    expect(await heard()).toEqual([])
  })
})

describe('tickets by machines', () => {
  it('tell nobody there, but P1 and isolations their named contact, in their language', async () => {
    await room.store.db.updateTable('organisations').set({ language: 'de' }).where('id', '=', 'acme').execute()
    const contact = { name: 'boss', notifier: 'email', settings: { to: 'boss@acme.example' }, organisationId: 'acme' }
    await room.receivers.create({ ...contact, audience: 'contact' })
    await room.signals({ endpointId: 'srv' })
    expect(await heard()).toEqual([])
    await room.signals({
      ...({ endpointId: 'ws', kind: 'security.ransomware.canary', severity: 'critical', state: 'happened' } as const),
      facts: { change: 'edited' },
    })
    expect(await heard()).toEqual([])
    // It might be one of a storm.
    await room.time.advance(minutes(1))
    expect(await heard()).toMatchObject([{ to: 'boss@acme.example', text: expect.stringContaining('Es gibt eine dringende Störung') }])
  })
})

describe('a request by mail', () => {
  const tokens = createTicketTokens('another key')
  const raw = (from: string, id = 'one@acme.example') =>
    [`From: <${from}>`, `Subject: Excel hangs`, `Message-ID: <${id}>`, 'Content-Type: text/plain', '', 'It hangs since noon.'].join('\r\n')
  const take = (text: string) =>
    createTake({ store: room.store, tokens, desk: room.desk, time: room.time, ownServer: undefined })(Buffer.from(text))
  const tickets = () =>
    room.store.db.selectFrom('tickets').select(['title', 'priority', 'team', 'respond_by', 'requester_id']).orderBy('number').execute()

  it('of somebody who is known opens a ticket as the matrix says, once however often it is read', async () => {
    await open()
    await heard()
    await take(raw('eva@acme.example'))
    await take(raw('eva@acme.example'))
    const [first, second, ...others] = await tickets()
    expect(others).toEqual([])
    expect(second).toMatchObject({ title: 'Excel hangs', priority: 'P3', team: 'tier1', respond_by: room.time.now() + hours(2) })
    expect(second?.requester_id).toBe(first?.requester_id)
    expect(await heard()).toMatchObject([{ to: 'eva@acme.example', subject: expect.stringContaining('Your request #2') }])
    expect((await timeline('commented')).map(({ body }) => body)).toEqual([{ text: 'It hangs since noon.', isCustomer: true }])
  })

  it('opens one ticket, though the collector died before it knew that it had', async () => {
    await open()
    await take(raw('eva@acme.example'))
    await room.store.db.deleteFrom('mails').execute()
    await take(raw('eva@acme.example'))
    expect(await tickets()).toHaveLength(2)
  })

  it('of a stranger waits for a person, and a program’s opens nothing', async () => {
    await take(raw('mallory@example.net'))
    await take(raw('eva@acme.example').replace('Subject', 'Auto-Submitted: auto-replied\r\nSubject'))
    expect(await tickets()).toEqual([])
  })
})

/** As somebody's mail program would answer a mail of ours. */
async function answer(subject: string, text: string): Promise<void> {
  const [, token = ''] = /\[#([^\]]+)\]/.exec(subject) ?? []
  const number = Number(token.split('-')[0])
  const tokens = { tokenOf: () => token, numberIn: (said: string) => (said.includes(token) ? number : undefined) }
  const id = `${Math.random()}@acme.example`
  const mail = [`From: <eva@acme.example>`, `Subject: Re: ${subject}`, `Message-ID: <${id}>`, 'Content-Type: text/plain', '', text]
  await createTake({ store: room.store, tokens, desk: room.desk, time: room.time, ownServer: undefined })(Buffer.from(mail.join('\r\n')))
}
