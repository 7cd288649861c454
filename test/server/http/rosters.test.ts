import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RosterPlan } from '#shared/api/rosters.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'

let console_: TestConsole
let admin: Visitor
let ann: string

beforeAll(async () => {
  console_ = await startConsole()
  await addPerson(console_, { login: 'admin', teams: [] })
  ann = await addPerson(console_, { login: 'ann', teams: ['tier1'], isAdmin: false })
  admin = await signedIn(console_.url, 'admin')
})
afterAll(() => console_[Symbol.asyncDispose]())

const post = (path: string, body: unknown) => admin.ask('POST', path, body)
const teams = async (query = '') =>
  (
    (await admin.ask('GET', `/api/teams${query}`)).body as unknown as {
      teams: { team: string; working: { name: string }[]; onCall: { name: string }[] }[]
    }
  ).teams
const tier1 = async (query?: string) => (await teams(query)).find(({ team }) => team === 'tier1')

describe('rosters over the API', () => {
  it('show who works and who is on call now', async () => {
    expect(await tier1()).toMatchObject({ working: [{ name: 'ann' }], onCall: [{ name: 'ann' }] })
    const shift = { team: 'tier1', personId: ann, days: ['sun'], from: '08:00', to: '18:00', timeZone: 'Europe/Berlin' }
    const made = await post('/api/shifts', shift)
    expect(made.status).toBe(201)
    expect(await tier1()).toMatchObject({ working: [], onCall: [{ name: 'ann' }] })
    expect((await admin.ask('DELETE', `/api/shifts/${String(made.body.id)}`)).status).toBe(204)
    expect(await tier1()).toMatchObject({ working: [{ name: 'ann' }] })
  })

  it('leave out whoever is away, until they are back', async () => {
    const now = console_.time.now()
    expect((await post(`/api/people/${ann}/away`, { from: now, until: now + 60_000 })).status).toBe(201)
    expect(await tier1()).toMatchObject({ working: [], onCall: [{ name: 'admin' }] })
    expect((await admin.ask('DELETE', `/api/people/${ann}/away`)).status).toBe(204)
    expect(await tier1()).toMatchObject({ working: [{ name: 'ann' }] })
  })

  it('show what is planned, who is called next and when, and end what was planned', async () => {
    const bob = await addPerson(console_, { login: 'bob', teams: ['tier2'], isAdmin: false })
    const [from, until] = [console_.time.now() - 1, console_.time.now() + 3_600_000]
    const made = await post('/api/on-call-overrides', { team: 'tier1', personId: bob, from, until })
    expect(await tier1()).toMatchObject({ onCall: [{ name: 'bob' }], next: { at: until, onCall: [{ name: 'ann' }] } })
    expect((await admin.ask('PATCH', `/api/people/${ann}`, { skills: ['printers'], leads: ['tier1'], wipLimit: 3 })).status).toBe(204)
    const plan = RosterPlan.parse((await admin.ask('GET', '/api/rosters')).body)
    expect(plan.overrides).toEqual([{ id: made.body.id, team: 'tier1', person: { id: bob, name: 'bob' }, site: null, from, until }])
    expect(plan.people.find(({ id }) => id === ann)).toMatchObject({ skills: ['printers'], leads: ['tier1'], wipLimit: 3, isAway: false })
    expect((await admin.ask('DELETE', `/api/on-call-overrides/${String(made.body.id)}`)).status).toBe(204)
    expect(await tier1()).toMatchObject({ onCall: [{ name: 'ann' }], next: null })
  })

  it('put somebody on call for one site, who is called for no other', async () => {
    const [from, until] = [console_.time.now() - 1, console_.time.now() + 3_600_000]
    const cyd = await addPerson(console_, { login: 'cyd', teams: ['tier2'], isAdmin: false })
    const { db } = console_.store
    const acme = { id: 'acme', name: 'Acme', mode: 'live' as const, plan: 'standard', time_zone: 'UTC', created_at: from }
    await db.insertInto('organisations').values(acme).execute()
    const site = { id: 'potsdam', organisation_id: 'acme', name: 'Potsdam', time_zone: null, created_at: from }
    await db.insertInto('sites').values(site).execute()
    expect((await post('/api/on-call-overrides', { team: 'tier1', personId: cyd, siteId: 'nowhere', from, until })).status).toBe(404)
    expect((await post('/api/on-call-overrides', { team: 'tier1', personId: cyd, siteId: site.id, from, until })).status).toBe(201)
    expect(await tier1()).toMatchObject({ onCall: [{ name: 'ann' }], next: null })
    expect(await tier1(`?siteId=${site.id}`)).toMatchObject({ onCall: [{ name: 'cyd' }], next: { at: until } })
    const plan = RosterPlan.parse((await admin.ask('GET', '/api/rosters')).body)
    expect(plan.overrides).toMatchObject([{ person: { name: 'cyd' }, site: { id: site.id, name: 'Potsdam' } }])
  })

  it('are planned by admins alone, and read by the provider’s people', async () => {
    const tech = await signedIn(console_.url, 'ann')
    expect((await tech.ask('GET', '/api/rosters')).status).toBe(200)
    expect((await tech.ask('DELETE', '/api/on-call-overrides/any')).status).toBe(403)
  })

  it('refuse, in one sentence, a team that nobody knows, a zone, a span that is over, people who do not exist', async () => {
    const shift = { team: 'tier1', personId: ann, days: ['sun'], from: '08:00', to: '18:00', timeZone: 'Europe/Berlin' }
    expect((await post('/api/shifts', { ...shift, team: 'tier9' })).body).toMatchObject({ detail: expect.stringContaining('team') })
    expect((await post('/api/shifts', { ...shift, timeZone: 'Mars/Olympus' })).status).toBe(400)
    expect((await post(`/api/people/${ann}/away`, { from: 5, until: 4 })).status).toBe(400)
    const rotation = { team: 'tier1', people: ['nobody'], startsOn: '2026-11-23', handOver: '09:00', timeZone: 'UTC' }
    expect((await post('/api/rotations', rotation)).status).toBe(404)
  })
})
