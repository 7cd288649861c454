import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TicketDetail } from '#shared/api/tickets.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

/* A customer's own IT beside the provider's: what they see, and what they may do. */

const secret = 'They never pay in time'
let console_: TestConsole
let alpha: Belongings
let beta: Belongings
let technician: Visitor
let ivan: Visitor
let asker: Visitor
const hints: unknown[] = []

beforeAll(async () => {
  console_ = await startConsole()
  alpha = await addOrganisation(console_, 'alpha')
  beta = await addOrganisation(console_, 'beta')
  await addPerson(console_, { login: 'ada' })
  await addPerson(console_, { login: 'ivan', teams: ['customer-it'], isAdmin: false, organisationId: alpha.organisation })
  await addPerson(console_, { login: 'asker', teams: [], isAdmin: false, organisationId: alpha.organisation })
  technician = await signedIn(console_.url, 'ada')
  ivan = await signedIn(console_.url, 'ivan')
  asker = await signedIn(console_.url, 'asker')
  console_.bus.subscribe((event) => hints.push(event))
})
afterAll(() => console_[Symbol.asyncDispose]())

const ticket = async (by: Visitor, id = alpha.ticket) => TicketDetail.parse((await by.ask('GET', `/api/tickets/${id}`)).body)
const change = async (by: Visitor, verb: string, body: object, id = alpha.ticket) =>
  by.ask('POST', `/api/tickets/${id}/${verb}`, { version: (await ticket(technician, id)).version, ...body })

describe('an internal note', () => {
  it('is read by the provider’s people, and on no path by anybody of the customer', async () => {
    await console_.store.db.updateTable('receivers').set({ notifier: 'webhook', audience: 'everybody' }).execute()
    expect((await change(technician, 'comments', { text: secret, isInternal: true })).status).toBe(200)
    await change(technician, 'comments', { text: 'We look into it' })
    await change(technician, 'escalate', { reason: 'expertise', tried: 'A restart' })
    expect(JSON.stringify(await ticket(technician))).toContain(secret)
    for (const reader of [ivan, asker]) {
      const seen = await ticket(reader)
      expect(seen.timeline.some(({ kind }) => kind === 'escalated')).toBe(true)
      expect(JSON.stringify(seen)).toContain('We look into it')
      const paths = ['/api/tickets', `/api/tickets/${alpha.ticket}`, `/api/tickets/${alpha.ticket}/sla`, `/api/endpoints/${alpha.endpoint}`]
      for (const path of paths) expect((await reader.ask('GET', path)).text, path).not.toContain(secret)
    }
    const admin = await signedIn(console_.url, 'alpha-admin')
    for (const path of ['/api/audit', '/api/tickets', `/api/tickets/${alpha.ticket}`])
      expect((await admin.ask('GET', path)).text, path).not.toContain(secret)
    const rows = await console_.store.db.selectFrom('outbox').select(['receiver_id', 'event', 'body']).execute()
    expect(rows.some(({ receiver_id, event }) => receiver_id === alpha.receiver && event === 'ticket.escalated')).toBe(true)
    expect(rows.filter(({ body }) => body.includes(secret))).toEqual([])
    expect(JSON.stringify(hints)).not.toContain(secret)
  })

  it('can be written by the provider’s people only', async () => {
    const answer = await change(ivan, 'comments', { text: 'psst', isInternal: true })
    expect([answer.status, answer.body.code]).toEqual([403, 'provider-only'])
  })
})

describe('a VIP', () => {
  const eva = { name: 'Eva', mail: 'eva@alpha.example' }
  const put = (by: Visitor, more: object) => by.ask('POST', '/api/requesters', { organisationId: alpha.organisation, ...eva, ...more })

  it('is one by the provider’s word, with one of its people by name', async () => {
    const { id: technicianId } = await console_.store.db
      .selectFrom('people')
      .select('id')
      .where('login', '=', 'ada')
      .executeTakeFirstOrThrow()
    const marked = await put(technician, { vip: { technicianId } })
    expect(marked.body).toMatchObject({ name: 'Eva', vip: { technicianId, technician: expect.any(String) } })
    const refused = await put(ivan, { vip: { technicianId } })
    expect([refused.status, refused.body.code]).toEqual([403, 'provider-only'])
    expect((await put(ivan, { vip: null })).status).toBe(403)
    expect((await put(ivan, { timeZone: 'Europe/Paris' })).body).toMatchObject({ timeZone: 'Europe/Paris', vip: { technicianId } })
    const unknown = await put(technician, { vip: { technicianId: 'nobody' } })
    expect([unknown.status, unknown.body.detail]).toEqual([expect.any(Number), expect.stringContaining('name somebody else')])
    const asked = { organisationId: alpha.organisation, title: 'Word hangs', requester: eva }
    const opened = TicketDetail.parse((await technician.ask('POST', '/api/tickets', asked)).body)
    expect(opened).toMatchObject({ requester: { isVip: true } })
    const { body } = await technician.ask('GET', `/api/requesters?organisationId=${alpha.organisation}`)
    expect(body).toMatchObject({
      requesters: expect.arrayContaining([expect.objectContaining({ vip: { technicianId, technician: expect.any(String) } })]),
    })
  })
})

describe('a customer’s own IT', () => {
  it('has the kinds first that are named with its organisation, and works on what is with it', async () => {
    const path = `/api/organisations/${alpha.organisation}`
    expect((await technician.ask('PATCH', path, { ownIt: ['request.*'] })).body).toMatchObject({ ownIt: ['request.*'] })
    const opened = await technician.ask('POST', '/api/tickets', { organisationId: alpha.organisation, title: 'Excel hangs' })
    const { id, team, nextDue } = TicketDetail.parse(opened.body)
    expect(team).toBe('customer-it')
    expect(nextDue).not.toBeNull()
    expect((await change(ivan, 'acknowledge', {}, id)).status).toBe(200)
    const moved = await change(ivan, 'escalate', { reason: 'expertise', tried: 'A restart' }, id)
    expect(moved.body).toMatchObject({ team: 'tier1', status: 'new' })
    expect((await ticket(ivan, id)).may).toEqual(['comments', 'security', 'release'])
    const refused = await change(ivan, 'acknowledge', {}, id)
    expect([refused.status, refused.body.detail]).toEqual([403, expect.stringContaining('is with tier1')])
    expect((await change(ivan, 'comments', { text: 'It is urgent' }, id)).status).toBe(200)
  })

  it('never has what threatens it, nor another organisation’s', async () => {
    await technician.ask('PATCH', `/api/organisations/${alpha.organisation}`, { ownIt: ['*'] })
    const about = { organisationId: alpha.organisation, title: 'I clicked a link' }
    expect((await technician.ask('POST', '/api/tickets', about)).body).toMatchObject({ team: 'security' })
    expect((await ivan.ask('GET', `/api/tickets/${beta.ticket}`)).status).toBe(404)
    const theirs = await technician.ask('POST', '/api/tickets', { organisationId: beta.organisation, title: 'Word hangs' })
    expect(theirs.body).toMatchObject({ team: 'tier1' })
  })

  it('isolates nothing', async () => {
    expect((await change(ivan, 'isolate', { reason: 'x' })).status).toBe(403)
  })
})

describe('a release by a customer’s own IT', () => {
  const releases = async () =>
    (await console_.store.db.selectFrom('commands').select('requested_by').where('verb', '=', 'release-host').execute()).length
  const isolated = async () => {
    await console_.store.db.deleteFrom('isolations').execute()
    await console_.store.db.deleteFrom('release_consents').execute()
    const { time, store } = console_
    const wanted = { desired: 'isolated', desired_at: time.now(), desired_by: 'system' } as const
    const actual = { actual: 'isolated', actual_at: time.now(), is_ready: 1, detail: '', proof: null } as const
    await store.db
      .insertInto('isolations')
      .values({ endpoint_id: alpha.endpoint, ...wanted, ...actual })
      .execute()
    return releases()
  }

  it('waits for one of the provider, whom it is told', async () => {
    const before = await isolated()
    expect((await change(ivan, 'release', { reason: 'We cleaned it' })).status).toBe(200)
    expect(await releases()).toBe(before)
    const asked = await ticket(technician)
    expect(asked.releaseAgreed).toEqual([{ side: 'customer', by: 'ivan', reason: 'We cleaned it', at: console_.time.now() }])
    expect(asked.timeline.at(-1)).toMatchObject({ kind: 'release-agreed', actor: 'ivan' })
    expect((await change(ivan, 'release', { reason: 'Really' })).status).toBe(200)
    expect(await releases()).toBe(before)
    expect((await change(technician, 'release', { reason: 'I agree' })).status).toBe(200)
    expect(await releases()).toBe(before + 1)
    expect((await ticket(ivan)).releaseAgreed).toEqual([])
  })

  it('goes at once where one of the provider has left it to them', async () => {
    const before = await isolated()
    expect((await change(technician, 'release', { reason: 'When you are ready', withCustomer: true })).status).toBe(200)
    expect(await releases()).toBe(before)
    expect((await change(ivan, 'release', { reason: 'We are ready' })).status).toBe(200)
    expect(await releases()).toBe(before + 1)
  })

  it('says nothing of restoring or of false alarms, which is the provider’s word', async () => {
    const before = await isolated()
    for (const more of [{ isFalseAlarm: true }, { withoutRestore: 'no time' }])
      expect((await change(ivan, 'release', { reason: 'x', ...more })).body.code).toBe('provider-only')
    expect((await ivan.ask('POST', `/api/endpoints/${alpha.endpoint}/release`, { reason: 'x' })).status).toBe(403)
    expect([await releases(), (await ticket(technician)).releaseAgreed]).toEqual([before, []])
  })
})

describe('somebody who only asks', () => {
  it('opens a request for themselves, and sees what becomes of it', async () => {
    await technician.ask('PATCH', `/api/organisations/${alpha.organisation}`, { ownIt: [] })
    const opened = await asker.ask('POST', '/api/requests', { title: 'No sound', canCarryOn: 'with-difficulty', affects: 'several' })
    expect(opened.status).toBe(201)
    expect(TicketDetail.parse(opened.body)).toMatchObject({ priority: 'P3', tier: 'tier1', requester: { name: 'asker' }, may: [] })
    expect((await technician.ask('POST', '/api/requests', { title: 'x' })).status).toBe(409)
  })

  it('is known to technicians, who say their language', async () => {
    const { organisation: organisationId } = alpha
    const eva = { organisationId, name: 'Eva', mail: 'Eva@alpha.example', language: 'de' }
    expect((await technician.ask('POST', '/api/requesters', eva)).body).toMatchObject({ mail: 'eva@alpha.example', language: 'de' })
    const ofTheirs = { organisationId, name: 'Otto', mail: 'otto@ALPHA.example' }
    const stranger = { ...ofTheirs, mail: 'otto@beta.example' }
    expect((await ivan.ask('POST', '/api/requesters', stranger)).body).toMatchObject({ code: 'provider-only' })
    const asked = { organisationId, title: 'Help', requester: { name: 'Otto', mail: 'otto@beta.example' } }
    expect((await ivan.ask('POST', '/api/tickets', asked)).status).toBe(403)
    expect((await ivan.ask('POST', '/api/requesters', ofTheirs)).status).toBe(200)
    const known = await technician.ask('GET', `/api/requesters?organisationId=${organisationId}`)
    expect((known.body.requesters as { name: string }[]).map(({ name }) => name)).toEqual(['Eva', 'Otto', 'asker'])
    expect((await asker.ask('GET', '/api/requesters')).status).toBe(403)
  })
})
