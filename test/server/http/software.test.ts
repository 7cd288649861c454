import { afterAll, beforeAll, expect, it } from 'vitest'
import { SoftwareFound, SoftwareList } from '#shared/api/software.ts'
import type { Software } from '#shared/domain/software.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

let console_: TestConsole
let own: Belongings
let other: Belongings
let admin: Visitor

const installed = (version: string): string =>
  JSON.stringify({
    sources: [
      {
        source: 'dpkg',
        packages: [
          ['libssl_3', '1'],
          ['openssl', version],
        ],
      },
    ],
    leftOut: 2,
  } satisfies Software)

beforeAll(async () => {
  console_ = await startConsole({})
  own = await addOrganisation(console_, 'alpha')
  other = await addOrganisation(console_, 'beta')
  const rows = [
    { endpoint_id: own.endpoint, at: 5, body: installed('3.0.9-1') },
    { endpoint_id: other.endpoint, at: 6, body: installed('3.0.14-1') },
  ]
  await console_.store.db.insertInto('software').values(rows).execute()
  await addPerson(console_, { login: 'ada', name: 'Ada' })
  admin = await signedIn(console_.url, 'ada')
})
afterAll(() => console_[Symbol.asyncDispose]())

const found = async (query: string) => SoftwareFound.parse((await admin.ask('GET', `/api/software?${query}`)).body)
const hosts = async (query: string) => (await found(query)).machines.map(({ endpoint, version }) => `${endpoint.hostname} ${version}`)

it('of one endpoint is what it said last', async () => {
  const { body } = await admin.ask('GET', `/api/endpoints/${own.endpoint}/software`)
  expect(SoftwareList.parse(body)).toEqual({
    ...{ at: 5, leftOut: 2 },
    packages: [
      { name: 'libssl_3', version: '1', source: 'dpkg' },
      { name: 'openssl', version: '3.0.9-1', source: 'dpkg' },
    ],
  })
})

it('is found by name and version over all machines', async () => {
  expect(await hosts('name=openssl')).toEqual(['alpha-host 3.0.9-1', 'beta-host 3.0.14-1'])
  expect(await hosts('name=openssl&below=3.0.14')).toEqual(['alpha-host 3.0.9-1'])
  expect(await hosts(`name=openssl&organisationId=${other.organisation}`)).toEqual(['beta-host 3.0.14-1'])
  for (const name of ['open', 'libssl%253', 'libsslx3', '%25', 'openssl%22,']) expect(await hosts(`name=${name}`)).toEqual([])
})

it('of another organisation stays there', async () => {
  await addPerson(console_, { login: 'carl', name: 'Carl', isAdmin: false, organisationId: own.organisation })
  const carl = await signedIn(console_.url, 'carl')
  const { status, body } = await carl.ask('GET', '/api/software?name=openssl')
  if (status === 200) expect(SoftwareFound.parse(body).machines.map(({ endpoint }) => endpoint.hostname)).toEqual(['alpha-host'])
  else expect(status).toBe(403)
  expect((await carl.ask('GET', `/api/endpoints/${other.endpoint}/software`)).status).toBeGreaterThan(399)
})
