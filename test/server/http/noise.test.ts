import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { days } from '#shared/domain/time.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

let console_: TestConsole
let alpha: Belongings
let admin: Visitor
let technician: Visitor

beforeAll(async () => {
  console_ = await startConsole()
  alpha = await addOrganisation(console_, 'alpha')
  await addPerson(console_, { login: 'admin' })
  await addPerson(console_, { login: 'ann', teams: ['tier1'], isAdmin: false })
  admin = await signedIn(console_.url, 'admin')
  technician = await signedIn(console_.url, 'ann')
})
afterAll(() => console_[Symbol.asyncDispose]())

describe('maintenance windows over the API', () => {
  it('are planned, shown with their next five dates in site time, ended and taken off', async () => {
    const weekly = { days: ['sun'], at: '02:00' }
    const made = await admin.ask('POST', '/api/maintenance-windows', {
      organisationId: alpha.organisation,
      siteId: alpha.site,
      name: 'Patches',
      minutes: 120,
      weekly,
    })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ scope: 'site', timeZone: 'Europe/Berlin', weekly, isOpen: false })
    const next = made.body.next as { opens: string }[]
    expect(next.map(({ opens }) => opens)).toEqual([
      '2026-11-29T02:00+01:00',
      '2026-12-06T02:00+01:00',
      '2026-12-13T02:00+01:00',
      '2026-12-20T02:00+01:00',
      '2026-12-27T02:00+01:00',
    ])
    const path = `/api/maintenance-windows/${String(made.body.id)}`
    expect((await admin.ask('POST', `${path}/end`)).body).toMatchObject({ code: 'refused' })
    expect((await admin.ask('DELETE', path)).status).toBe(204)
    expect((await admin.ask('DELETE', path)).status).toBe(404)
    const { windows } = (await admin.ask('GET', `/api/maintenance-windows?organisationId=${alpha.organisation}`)).body
    expect(windows).toMatchObject([{ name: 'alpha window', isOpen: true }])
    expect((await admin.ask('POST', `/api/maintenance-windows/${alpha.window}/end`)).status).toBe(204)
    const lines = (await admin.ask('GET', '/api/audit')).body.lines as { action: string }[]
    expect(lines.map(({ action }) => action)).toEqual(expect.arrayContaining(['window.plan', 'window.end', 'window.remove']))
  })

  it('are refused in one sentence when they are too long, over, of two things, or somebody may not plan them', async () => {
    const now = console_.time.now()
    const about = { organisationId: alpha.organisation, name: 'x', minutes: 60 }
    const ask = (change: object) => admin.ask('POST', '/api/maintenance-windows', { ...about, startsAt: now, ...change })
    expect((await ask({ minutes: 721 })).body.detail).toContain('720 minutes at most')
    expect((await ask({ startsAt: now - 3_600_000 })).body.detail).toContain('still to come')
    expect((await ask({ siteId: alpha.site, endpointId: alpha.endpoint })).status).toBe(400)
    expect((await ask({ weekly: { days: ['sun'], at: '02:00' } })).status).toBe(400)
    expect((await ask({ startsAt: undefined, weekly: { days: ['someday'], at: '25:00' } })).status).toBe(400)
    expect((await technician.ask('POST', '/api/maintenance-windows', { ...about, startsAt: now })).status).toBe(403)
  })
})

it('what waits is shown with its reason, within one organisation', async () => {
  const { db } = console_.store
  const { id: signal_id } = await db.selectFrom('signals').select('id').where('ticket_id', '=', alpha.ticket).executeTakeFirstOrThrow()
  const about = { signal_id, organisation_id: alpha.organisation, endpoint_id: alpha.endpoint, trouble: 'x', kind: 'health.disk.full' }
  const held = { suppressed_by: 'window' as const, by_id: alpha.window, since: 1, until_at: 2, ended_at: null, ended_as: null }
  await db
    .insertInto('suppressed_signals')
    .values({ ...about, ...held, state: 'raised' })
    .execute()
  const { body } = await technician.ask('GET', `/api/suppressed-signals?endpointId=${alpha.endpoint}`)
  expect(body).toMatchObject({
    total: 1,
    signals: [{ signalId: signal_id, by: 'window', why: 'It waits for the maintenance window “alpha window”.', until: 2, endedAt: null }],
  })
  const other = await addOrganisation(console_, 'delta')
  const stranger = await signedIn(console_.url, 'delta-admin')
  expect((await stranger.ask('GET', '/api/suppressed-signals')).body).toMatchObject({ total: 0 })
  expect((await stranger.ask('GET', `/api/suppressed-signals?endpointId=${alpha.endpoint}`)).status).toBe(404)
  expect(other.window).not.toBe(alpha.window)
})

it('a release that was a false alarm ends the ticket as one', async () => {
  const own = await addOrganisation(console_, 'epsilon')
  const isolated = { desired: 'isolated', actual: 'isolated' } as const
  await console_.store.db.updateTable('isolations').set(isolated).where('endpoint_id', '=', own.endpoint).execute()
  const body = { version: 1, reason: 'the backup program', isFalseAlarm: true }
  const { status, body: ticket } = await admin.ask('POST', `/api/tickets/${own.ticket}/release`, body)
  expect(status).toBe(200)
  expect(ticket).toMatchObject({ status: 'resolved', resolution: 'false-alarm' })
  const timeline = ticket.timeline as { kind: string }[]
  expect(timeline.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['command-requested', 'resolved']))
})

describe('noise over the API', () => {
  const ticket = () => `/api/tickets/${alpha.ticket}`

  it('shows first what it would have spared, then ends the ticket and spares until it is ended', async () => {
    const preview = await technician.ask('GET', `${ticket()}/noise?scope=endpoint`)
    expect(preview.body).toMatchObject({ count: 1, tickets: [{ id: alpha.ticket, hostname: 'alpha-host' }], refusal: null })
    expect(preview.body.until).toBe(console_.time.now() + days(90))
    const body = { version: 1, reason: 'a lab machine' }
    expect((await technician.ask('POST', `${ticket()}/noise`, { ...body, scope: 'organisation' })).status).toBe(403)
    expect((await technician.ask('POST', `${ticket()}/noise`, { ...body, version: 7 })).status).toBe(409)
    expect((await technician.ask('POST', `${ticket()}/noise`, { ...body, until: console_.time.now() - 1 })).status).toBe(409)
    expect((await technician.ask('POST', `${ticket()}/noise`, body)).status).toBe(204)
    expect((await technician.ask('GET', ticket())).body).toMatchObject({ status: 'resolved', resolution: 'noise' })
    const list = await technician.ask('GET', '/api/noise-exceptions')
    const [first] = list.body.exceptions as { id: string; reason: string; createdBy: string; spared: number; until: number }[]
    expect(first).toMatchObject({ reason: 'a lab machine', createdBy: 'ann', spared: 0 })
    expect((await technician.ask('DELETE', `/api/noise-exceptions/${first?.id}`)).status).toBe(204)
    expect((await technician.ask('DELETE', `/api/noise-exceptions/${first?.id}`)).status).toBe(409)
    const lines = (await admin.ask('GET', '/api/audit')).body.lines as { action: string }[]
    expect(lines.map(({ action }) => action)).toEqual(expect.arrayContaining(['ticket.noise', 'exception.end']))
  })

  it('a customer reads what is excepted and not why, and their IT ends nothing of it', async () => {
    const own = await addOrganisation(console_, 'zeta')
    await addPerson(console_, { login: 'ivan', teams: ['customer-it'], isAdmin: false, organisationId: own.organisation })
    const ivan = await signedIn(console_.url, 'ivan')
    expect((await ivan.ask('GET', '/api/noise-exceptions')).body).toMatchObject({ exceptions: [{ id: own.exception, reason: '' }] })
    expect((await ivan.ask('DELETE', `/api/noise-exceptions/${own.exception}`)).status).toBe(403)
    expect((await ivan.ask('POST', `/api/tickets/${own.ticket}/noise`, { version: 1, reason: 'x' })).status).toBe(403)
  })

  it('a ticket ends with a code or not at all', async () => {
    const beta = await addOrganisation(console_, 'beta')
    const answers = await Promise.all(
      [{ version: 1 }, { version: 1, resolution: 'cleared' }].map((body) => admin.ask('POST', `/api/tickets/${beta.ticket}/resolve`, body)),
    )
    expect(answers.map(({ status }) => status)).toEqual([400, 400])
    expect((await admin.ask('POST', `/api/tickets/${beta.ticket}/resolve`, { version: 1, resolution: 'wont-fix' })).status).toBe(200)
  })

  it('the meter counts from tickets and timelines, by organisation, and says what is aimed at', async () => {
    const gamma = await addOrganisation(console_, 'gamma')
    const to = console_.time.now() + 1
    const { body } = await admin.ask('GET', `/api/noise-meter?from=${to - days(7)}&to=${to}&organisationId=${gamma.organisation}`)
    expect(body.lines).toEqual([
      expect.objectContaining({ what: 'workstation-tickets', count: 0, of: 0, value: null, isMet: null }),
      expect.objectContaining({ what: 'server-tickets', count: 1, of: 1, value: 4, atMost: 1, isMet: false }),
      expect.objectContaining({ what: 'pages', count: 0, of: 1, value: 0, isMet: true }),
      expect.objectContaining({ what: 'false-alarms', of: 0, value: null, atMost: 10, isMet: null }),
    ])
    expect((await admin.ask('GET', `/api/noise-meter?from=2&to=1`)).status).toBe(400)
  })
})
