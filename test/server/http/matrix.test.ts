import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shippedMatrix } from '../../../server/desk/matrices.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

let console_: TestConsole
let own: Belongings
let admin: Visitor
let tier1: Visitor

beforeAll(async () => {
  console_ = await startConsole()
  own = await addOrganisation(console_, 'alpha')
  await addPerson(console_, { login: 'ada' })
  await addPerson(console_, { login: 'tier1', teams: ['tier1'], isAdmin: false })
  admin = await signedIn(console_.url, 'ada')
  tier1 = await signedIn(console_.url, 'tier1')
})
afterAll(() => console_[Symbol.asyncDispose]())

const yaml = await readFile(shippedMatrix, 'utf8')
const renamed = yaml.replace('  field: { tier: field', '  vans: { tier: field, powers: [] }\n  field: { tier: field')

describe('putting a matrix in force', () => {
  it('is an admin’s, changes what the API says at once, and is audited', async () => {
    expect((await tier1.ask('PUT', '/api/matrix', { yaml: renamed })).body.code).toBe('power-missing')
    expect((await admin.ask('PUT', '/api/matrix', { yaml: renamed })).body).toMatchObject({ version: 2, warnings: [] })
    expect((await admin.ask('GET', '/api/people')).body.teams).toContain('vans')
    expect((await admin.ask('GET', '/api/matrix')).body).toMatchObject({ version: 2, yaml: renamed })
    expect((await admin.ask('GET', '/api/matrix/versions/1')).body).toMatchObject({ version: 1, yaml })
    expect((await admin.ask('GET', '/api/matrix/versions')).body.versions).toMatchObject([
      { version: 2, author: expect.stringMatching(/ada/i) },
      { version: 1, author: 'Tierline' },
    ])
    const audit = await console_.store.db.selectFrom('audit').select('action').where('action', '=', 'matrix.put').execute()
    expect(audit).toHaveLength(1)
  })

  it('is refused with the line of each error, and changes nothing', async () => {
    const { status, body } = await admin.ask('PUT', '/api/matrix', { yaml: yaml.replace('team: tier2', 'team: tier9') })
    expect(status).toBe(400)
    expect(body.errors).toMatchObject([{ field: expect.stringMatching(/^yaml:\d+:\d+$/), message: expect.stringContaining('"tier9"') }])
    expect((await admin.ask('GET', '/api/matrix')).body.version).toBe(2)
  })

  it('can be tried first', async () => {
    const { body } = await admin.ask('POST', '/api/matrix/check', { yaml: yaml.replace('team: tier2', 'team: tier9') })
    expect(body).toMatchObject({ errors: [{ reason: 'there is no team "tier9"' }], warnings: [] })
  })
})

it('open tickets take the plan in force when an admin says so', async () => {
  expect((await tier1.ask('POST', '/api/matrix/replan')).body.code).toBe('power-missing')
  const { body } = await admin.ask('POST', '/api/matrix/replan')
  expect(body.tickets).toBe(1)
  expect((await admin.ask('POST', '/api/matrix/replan')).body).toEqual({ tickets: 0 })
})

describe('tags of a machine', () => {
  const change = async (body: unknown) => (await admin.ask('PATCH', `/api/endpoints/${own.endpoint}`, body)).body

  it('stand on it, and one that means core confirms that role where nobody has said another', async () => {
    expect(await change({ role: 'server', tags: ['payroll', 'payroll', 'vip'] })).toMatchObject({
      role: 'server',
      tags: ['payroll', 'vip'],
    })
    expect(await change({ role: null })).toMatchObject({ tags: ['payroll', 'vip'], roleSource: expect.not.stringMatching('person') })
    expect(await change({ tags: ['pos'] })).toMatchObject({ role: 'core', roleSource: 'person', tags: ['pos'] })
  })

  it('are words in lower case', async () => {
    expect((await admin.ask('PATCH', `/api/endpoints/${own.endpoint}`, { tags: ['Point Of Sale'] })).status).toBe(400)
    expect((await admin.ask('PATCH', `/api/endpoints/${own.endpoint}`, {})).status).toBe(400)
  })
})
