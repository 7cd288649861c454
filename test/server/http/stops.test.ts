import { afterAll, beforeAll, expect, it } from 'vitest'
import { StopList } from '#shared/api/rosters.ts'
import { hours } from '#shared/domain/time.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

let console_: TestConsole
let alpha: Belongings
let beta: Belongings
let ada: Visitor
let stranger: Visitor

beforeAll(async () => {
  console_ = await startConsole()
  alpha = await addOrganisation(console_, 'alpha')
  beta = await addOrganisation(console_, 'beta')
  await addPerson(console_, { login: 'ada', name: 'Ada', teams: ['security'] })
  await addPerson(console_, { login: 'tom', teams: ['tier1'], isAdmin: false })
  ada = await signedIn(console_.url, 'ada')
  stranger = await signedIn(console_.url, 'beta-admin')
})
afterAll(() => console_[Symbol.asyncDispose]())

const stops = async (by: Visitor) => StopList.parse((await by.ask('GET', '/api/containment/stops')).body)
const press = (by: Visitor, organisationId: string | null) => by.ask('POST', '/api/containment/stop', { organisationId })

it('says where nothing is isolated by itself, who stopped it and until when; each within their own borders', async () => {
  expect(await stops(ada)).toEqual({ stops: [], isFleet: false })
  const { status, body } = await press(ada, alpha.organisation)
  expect(status).toBe(200)
  const stop = { organisation: { id: alpha.organisation, name: 'alpha organisation' }, until: body.until, by: 'Ada' }
  expect(await stops(ada)).toEqual({ stops: [stop], isFleet: false })
  expect(await stops(stranger)).toEqual({ stops: [], isFleet: false })
})

it('stops the whole fleet for the provider alone, and forgets it after four hours', async () => {
  expect((await press(stranger, null)).status).toBe(403)
  expect((await press(stranger, alpha.organisation)).status).toBe(404)
  expect((await press(await signedIn(console_.url, 'tom'), beta.organisation)).status).toBe(403)
  await press(ada, null)
  const all = await stops(ada)
  expect([all.isFleet, all.stops.length]).toEqual([true, 2])
  console_.time.jump(hours(4))
  expect(await stops(await signedIn(console_.url, 'ada'))).toEqual({ stops: [], isFleet: false })
})
