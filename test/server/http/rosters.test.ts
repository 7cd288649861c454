import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addPerson } from './world.ts'

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
const teams = async () =>
  (
    (await admin.ask('GET', '/api/teams')).body as unknown as {
      teams: { team: string; working: { name: string }[]; onCall: { name: string }[] }[]
    }
  ).teams
const tier1 = async () => (await teams()).find(({ team }) => team === 'tier1')

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

  it('refuse, in one sentence, a team that nobody knows, a zone, a span that is over, people who do not exist', async () => {
    const shift = { team: 'tier1', personId: ann, days: ['sun'], from: '08:00', to: '18:00', timeZone: 'Europe/Berlin' }
    expect((await post('/api/shifts', { ...shift, team: 'tier9' })).body).toMatchObject({ detail: expect.stringContaining('team') })
    expect((await post('/api/shifts', { ...shift, timeZone: 'Mars/Olympus' })).status).toBe(400)
    expect((await post(`/api/people/${ann}/away`, { from: 5, until: 4 })).status).toBe(400)
    const rotation = { team: 'tier1', people: ['nobody'], startsOn: '2026-11-23', handOver: '09:00', timeZone: 'UTC' }
    expect((await post('/api/rotations', rotation)).status).toBe(404)
  })
})
