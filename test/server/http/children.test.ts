import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TicketDetail, TicketList } from '#shared/api/tickets.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

/* A storm whose ticket stands in the first organisation, and that has a ticket of two others under it. */
let console_: TestConsole
let first: Belongings
let one: Belongings
let two: Belongings
let provider: Visitor
let ofFirst: Visitor
let ofOne: Visitor

beforeAll(async () => {
  console_ = await startConsole()
  const { db } = console_.store
  first = await addOrganisation(console_, 'first')
  one = await addOrganisation(console_, 'one')
  two = await addOrganisation(console_, 'two')
  await db
    .updateTable('tickets')
    .set({ gathers: 'storm', gathering: 'on', endpoint_id: null, title: 'two secrets' })
    .where('id', '=', first.ticket)
    .execute()
  for (const { ticket } of [one, two])
    await db.updateTable('tickets').set({ parent_id: first.ticket, gathered_by: 'storm' }).where('id', '=', ticket).execute()
  await addPerson(console_, { login: 'ada' })
  await addPerson(console_, { login: 'vcio', teams: [], isAdmin: false })
  provider = await signedIn(console_.url, 'ada')
  ofFirst = await signedIn(console_.url, 'first-admin')
  ofOne = await signedIn(console_.url, 'one-admin')
})
afterAll(() => console_[Symbol.asyncDispose]())

const listed = async (by: Visitor, query: string): Promise<string[]> =>
  TicketList.parse((await by.ask('GET', `/api/tickets${query}`)).body)
    .tickets.map(({ id }) => id)
    .sort()
const detail = async (by: Visitor, id: string) => TicketDetail.parse((await by.ask('GET', `/api/tickets/${id}`)).body)

describe('a storm, for the provider', () => {
  it('is one open ticket, with what is under it counted and listed', async () => {
    expect(await listed(provider, '')).toEqual([first.ticket])
    expect(await listed(provider, `?parentId=${first.ticket}`)).toEqual([one.ticket, two.ticket].sort())
    const storm = await detail(provider, first.ticket)
    expect(storm).toMatchObject({ gathers: 'storm', gathering: 'on', children: { total: 2, open: 2, machines: 2, organisations: 2 } })
    expect(storm.may).toContain('children')
    expect(await detail(provider, one.ticket)).toMatchObject({ gatheredBy: 'storm', parent: { id: first.ticket }, children: null })
    expect(await listed(provider, `?endpointId=${one.endpoint}`)).toEqual([one.ticket])
  })

  it('is ended, kept or raised by who may work on tickets, and by nobody else', async () => {
    const path = `/api/tickets/${first.ticket}/children`
    const body = { version: 1, act: 'close', resolution: 'false-alarm', note: 'a bad rule' }
    await provider.ask('POST', path, body)
    expect(console_.asked.at(-1)).toMatchObject(['desk.children', { ticketId: first.ticket, ...body }])
    const visitor = await signedIn(console_.url, 'vcio')
    const count = console_.asked.length
    expect(await visitor.ask('POST', path, body)).toMatchObject({ status: 403 })
    expect(await provider.ask('POST', path, { version: 1, act: 'burn' })).toMatchObject({ status: 400 })
    expect(console_.asked).toHaveLength(count)
  })
})

describe('a storm, for a customer', () => {
  it('is nowhere: each sees its own ticket in its own list, and nothing of what is over it', async () => {
    expect(await listed(ofOne, '')).toEqual([one.ticket])
    const own = await detail(ofOne, one.ticket)
    expect(own).toMatchObject({ gatheredBy: 'storm', parent: null })
    expect(JSON.stringify(own)).not.toContain('two')
    for (const path of ['', '/sla']) expect(await ofOne.ask('GET', `/api/tickets/${first.ticket}${path}`)).toMatchObject({ status: 404 })
    expect(await ofOne.ask('GET', `/api/tickets?parentId=${first.ticket}`)).toMatchObject({ status: 404 })
  })

  it('not even for the one in whose organisation its ticket stands', async () => {
    expect(await listed(ofFirst, '')).toEqual([])
    expect(await ofFirst.ask('GET', `/api/tickets/${first.ticket}`)).toMatchObject({ status: 404 })
    expect(await ofFirst.ask('POST', `/api/tickets/${first.ticket}/children`, { version: 1, act: 'raise' })).toMatchObject({ status: 404 })
  })
})

it('the fleet’s one question is the provider’s too, wherever its ticket stands', async () => {
  await console_.store.db.updateTable('tickets').set({ kind: 'security.containment.held' }).where('id', '=', one.ticket).execute()
  expect((await ofOne.ask('GET', `/api/tickets/${one.ticket}`)).status).toBe(404)
  expect((await provider.ask('GET', `/api/tickets/${one.ticket}`)).status).toBe(200)
})
