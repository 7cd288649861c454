import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LivePreview } from '#shared/api/administration.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

let console_: TestConsole
let alpha: Belongings
let admin: Visitor
let path: string

beforeAll(async () => {
  console_ = await startConsole()
  alpha = await addOrganisation(console_, 'alpha')
  await addPerson(console_, { login: 'ada' })
  await addPerson(console_, { login: 'tom', isAdmin: false, teams: ['tier3'] })
  admin = await signedIn(console_.url, 'ada')
  path = `/api/organisations/${alpha.organisation}`
})
afterAll(() => console_[Symbol.asyncDispose]())

const mode = async () => (await console_.store.db.selectFrom('organisations').select('mode').executeTakeFirstOrThrow()).mode
const audited = async () =>
  (
    await console_.store.db
      .selectFrom('audit')
      .innerJoin('audit_payloads', 'audit_id', 'audit.id')
      .select(['action', 'organisation_id', 'detail'])
      .execute()
  ).filter(({ action }) => action === 'organisation.change')

describe('going live', () => {
  it('is for admins of the provider, and stands in the audit', async () => {
    await admin.ask('PATCH', path, { mode: 'observe' })
    for (const login of ['tom', 'alpha-admin']) {
      const visitor = await signedIn(console_.url, login)
      expect((await visitor.ask('PATCH', path, { mode: 'live' })).status, login).toBe(403)
    }
    expect(await mode()).toBe('observe')
    expect((await admin.ask('PATCH', path, { mode: 'live' })).body).toMatchObject({ mode: 'live' })
    expect(await mode()).toBe('live')
    const lines = await audited()
    expect(lines).toHaveLength(2)
    expect(lines.at(-1)).toMatchObject({ organisation_id: alpha.organisation, detail: expect.stringContaining('"mode":"live"') })
  })

  it('is looked at before, by whoever administers that organisation', async () => {
    const own = await signedIn(console_.url, 'alpha-admin')
    for (const visitor of [admin, own]) expect(LivePreview.parse((await visitor.ask('GET', `${path}/preview`)).body).isPartial).toBe(false)
    const tom = await signedIn(console_.url, 'tom')
    expect((await tom.ask('GET', `${path}/preview`)).status).toBe(403)
  })
})
