import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { minutes } from '#shared/domain/time.ts'
import { readMailSettings } from '../../../server/notify/mail-settings.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { type Listener, startListener } from '../../support/listener.ts'
import { letMachinesBeLoud } from '../../support/loud-machines.ts'
import { type MailServer, startMailServer } from '../../support/mail-server.ts'

let room: DeskRoom
let listener: Listener
let mails: MailServer
let folder: string
/** What a machine may say of itself. */
const hostile = '<!channel> **bold** </b> {{link}} "quoted"\r\nBcc: all@example.org'

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierline-notifiers-'))
  listener = await startListener()
  mails = await startMailServer({ password: 'mail password' })
  room = await openDeskRoom({ calls: { mailFile: await mailFile() } })
})
afterEach(async () => {
  await room.close()
  await listener[Symbol.asyncDispose]()
  await mails[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

async function mailFile(): Promise<string> {
  const file = join(folder, 'mail.yaml')
  const smtp = `{ host: 127.0.0.1, port: ${mails.port}, user: desk, password: mail password, tls: none }`
  await writeFile(file, `from: Desk <desk@example.org>\nsmtp: ${smtp}\n`, { mode: 0o600 })
  return file
}

const tell = async (notifier: string, settings: Record<string, unknown>, more: object = {}): Promise<void> => {
  await room.receivers.create({ name: notifier, notifier, settings, organisationId: null, ...more })
  await room.signals({ endpointId: 'srv', summary: hostile })
  await room.outbox.idle()
}
const heard = (): Record<string, unknown> => JSON.parse(listener.posts[0]?.body ?? '{}') as Record<string, unknown>
const outbox = () => room.store.db.selectFrom('outbox').selectAll().orderBy('created_at').orderBy('id').execute()
const ticketId = async (): Promise<string> => (await room.store.db.selectFrom('tickets').select('id').executeTakeFirstOrThrow()).id

describe('a mail', () => {
  it('is plain text, says who, which tier, the next step and when, and belongs to the ticket’s thread', async () => {
    await tell('email', { to: 'jane@example.org' })
    const [row] = await outbox()
    expect(mails.mails).toHaveLength(1)
    const { to, email, raw } = mails.mails[0] ?? { to: [], raw: '' }
    expect(to).toEqual(['jane@example.org'])
    expect(email?.subject).toMatch(/^P3 #1 <!channel> .* \(acme, srv-host\) \[#1-[0-9a-f]{15}\]$/)
    expect(email?.messageId).toBe(`<${row?.id}@example.org>`)
    expect(email?.references).toMatch(/^<ticket-1-[0-9a-f]{15}@example.org>$/)
    expect(email?.html).toBeUndefined()
    expect(email?.text).toContain('It is with tier1.')
    expect(email?.text).toContain('Next: somebody takes it.')
    expect(email?.text).toContain('An answer is owed by Mon 23 Nov, 11:00 CET.')
    expect(email?.text).toContain(`https://rmm.example.org/tickets/${await ticketId()}`)
    expect(raw).toMatch(/^Auto-Submitted: auto-generated\r$/im)
    expect(raw).not.toMatch(/^Bcc:/im)
    expect(row).toMatchObject({ attempts: 1, delivered_at: room.time.now() })
  })

  it('is tried again when the server says later, with the same message-id, and no more when it says never', async () => {
    mails.refuses = 450
    await tell('email', { to: 'jane@example.org' })
    expect(await outbox()).toMatchObject([{ delivered_at: null, failed_at: null, last_error: 'the mail server answered 450' }])
    mails.refuses = undefined
    room.time.jump(minutes(1))
    await room.outbox.idle()
    expect(mails.mails.map(({ email }) => email.messageId)).toEqual([`<${(await outbox())[0]?.id}@example.org>`])
    mails.refuses = 550
    await room.signals({ endpointId: 'ws' })
    await room.outbox.idle()
    expect((await outbox()).at(-1)).toMatchObject({ attempts: 1, failed_at: room.time.now(), last_error: 'the mail server answered 550' })
  })

  it('goes out twenty times an hour to one address, then as a digest; a P1 always', async () => {
    await room.receivers.create({ name: 'one', notifier: 'email', settings: { to: 'Jane@example.org' }, organisationId: null })
    await letMachinesBeLoud(room)
    for (let count = 0; count < 30; count += 1) {
      await room.signals({ endpointId: 'srv', fingerprint: `disk-${count}`, summary: `disk ${count}` })
      await room.outbox.idle()
      room.time.jump(1_000)
    }
    expect(mails.mails).toHaveLength(20)
    await room.signals({ endpointId: 'srv', kind: 'system.paging', severity: 'critical', summary: 'a P1' })
    await room.outbox.idle()
    expect(mails.mails.at(-1)?.email.subject).toContain('a P1')
    room.time.jump(minutes(60))
    await room.outbox.idle()
    expect(mails.mails).toHaveLength(22)
    expect(mails.mails.at(-1)?.email.subject).toBe('10 notices')
    expect(mails.mails.at(-1)?.email.text).toContain('disk 29')
    expect((await outbox()).every(({ delivered_at }) => delivered_at !== null)).toBe(true)
  })

  it('without a mail server says so on the ticket, and holds nobody up', async () => {
    const bare = await openDeskRoom()
    await bare.receivers.create({ name: 'jane', notifier: 'email', settings: { to: 'jane@example.org' }, organisationId: null })
    await bare.signals({ endpointId: 'srv' })
    await bare.outbox.idle()
    const lines = await bare.store.db.selectFrom('timeline').select('body').where('kind', '=', 'notified').execute()
    await bare.close()
    expect(lines.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([{ reason: expect.stringContaining('--mail FILE') }])
  })
})

describe('the settings of the mail server', () => {
  it('are refused when others can read them, and never repeated', async () => {
    const file = await mailFile()
    await chmod(file, 0o644)
    expect(() => readMailSettings(file)).toThrow('chmod 600')
    await writeFile(file, 'from: x\nsmtp: { password: [hunter2', { mode: 0o600 })
    await chmod(file, 0o600)
    expect(() => readMailSettings(file)).toThrow(expect.not.stringContaining('hunter2') as never)
  })
})

describe('each notifier', () => {
  it('Slack: text that can be no markup, no mention and no link', async () => {
    await tell('slack', { url: listener.url })
    const body = heard() as { text: string; blocks: { type: string; text?: { type: string; text: string } }[] }
    expect(body.text).toContain('&lt;!channel&gt;')
    expect(body.blocks.map(({ text }) => text?.type ?? 'plain_text').every((type) => type === 'plain_text')).toBe(true)
  })

  it('Teams: an adaptive card of runs, which read no markup', async () => {
    await tell('teams', { url: listener.url })
    expect(heard()).toMatchObject({
      attachments: [{ content: { body: [{ inlines: [{ type: 'TextRun', text: expect.stringContaining('**bold**') }] }, {}, {}, {}, {}] } }],
    })
  })

  it('ntfy: as JSON, with its token, and a link', async () => {
    await tell('ntfy', { url: listener.url, topic: 'desk', token: 'tk_secret' })
    expect(listener.posts[0]?.headers.authorization).toBe('Bearer tk_secret')
    expect(heard()).toMatchObject({ topic: 'desk', priority: 3, click: `https://rmm.example.org/tickets/${await ticketId()}` })
  })

  it('PagerDuty’s events: one incident a ticket, opened, acknowledged, resolved', async () => {
    await tell('pagerduty', { url: listener.url, routingKey: 'r'.repeat(32) })
    const id = await ticketId()
    const act = { ticketId: id, person: { id: 'p', name: 'P' } }
    const { version } = await room.store.db.selectFrom('tickets').select('version').executeTakeFirstOrThrow()
    await room.desk.acknowledge({ ...act, version })
    await room.desk.resolve({ ...act, version: version + 1, resolution: 'fixed', note: '' })
    await room.outbox.idle()
    const events = listener.posts.map(({ body }) => JSON.parse(body) as { event_action: string; dedup_key: string })
    expect(events.map(({ event_action }) => event_action)).toEqual(['trigger', 'acknowledge', 'resolve'])
    expect(new Set(events.map(({ dedup_key }) => dedup_key))).toEqual(new Set([id]))
    expect(events[0]).toMatchObject({ payload: { severity: 'warning', source: 'srv-host' } })
  })

  it('a webhook with a template: escaped for what it is put into, once', async () => {
    const template = '{"to":"+49151","text":"{{title}}","more":"{{text}} {{nobody}}"}'
    await tell('webhook', { template, authorization: 'Basic abc' }, { url: listener.url })
    expect(listener.posts[0]?.headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8', authorization: 'Basic abc' })
    expect(heard()).toMatchObject({
      to: '+49151',
      text: expect.stringContaining('{{link}} "quoted"'),
      more: expect.stringContaining('{{nobody}}'),
    })
  })

  it('a heartbeat each minute, and never a ticket', async () => {
    await room.receivers.create({ name: 'watch', notifier: 'heartbeat', settings: { url: listener.url }, organisationId: null })
    await room.signals({ endpointId: 'srv' })
    await room.time.advance(1)
    await expect.poll(() => listener.posts.length).toBe(1)
    await room.time.advance(minutes(1))
    await expect.poll(() => listener.posts.length).toBe(2)
    expect(await outbox()).toEqual([])
  })

  it('that nobody knows, or with settings that are wrong, is refused before it is kept', () => {
    const one = { name: 'x', organisationId: null, settings: {} }
    expect(room.receivers.complaints({ ...one, notifier: 'pigeon' })).toMatchObject([{ field: 'notifier' }])
    expect(room.receivers.complaints({ ...one, notifier: 'email' })).toMatchObject([{ field: 'settings.to' }])
    expect(
      room.receivers.complaints({ ...one, notifier: 'email', settings: { to: 'jane@example.org' }, audience: 'person' }),
    ).toMatchObject([{ field: 'personId' }])
  })
})

describe('a team’s receiver', () => {
  it('hears of its team’s tickets only', async () => {
    const one = { notifier: 'slack', organisationId: null }
    await room.receivers.create({ ...one, name: 'soc', team: 'security', settings: { url: `${listener.url}soc` } })
    await room.receivers.create({ ...one, name: 'first', team: 'tier1', settings: { url: `${listener.url}first` } })
    await room.signals({ endpointId: 'srv' })
    await room.outbox.idle()
    expect(listener.posts.map(({ path }) => path)).toEqual(['/first'])
  })
})

describe('a named contact of a customer', () => {
  it('hears of a P1, and of nothing else that a machine says', async () => {
    const contact = { notifier: 'slack', organisationId: 'acme', audience: 'contact' as const }
    await room.receivers.create({ ...contact, name: 'boss', settings: { url: listener.url } })
    await room.signals({ endpointId: 'srv' })
    await room.outbox.idle()
    expect(listener.posts).toHaveLength(0)
    await room.signals({ kind: 'security.ransomware.canary', severity: 'critical', state: 'happened', facts: { change: 'edited' } })
    await room.outbox.idle()
    expect(listener.posts).toHaveLength(0)
    // It might have been one of a storm.
    room.time.jump(minutes(1))
    await room.outbox.idle()
    expect(listener.posts).toHaveLength(1)
  })
})
