import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

/*
 * Whatever touches machines, tickets and orders is written down within its own transaction: where the audit can't take the
 * line, nothing is done. Every such act of the API is either tried here, or named with the reason why it isn't.
 */
let console_: TestConsole
let own: Belongings
let person: Visitor
beforeAll(async () => {
  console_ = await startConsole()
  own = await addOrganisation(console_, 'own')
  await addPerson(console_, { login: 'ada', name: 'Ada' })
  person = await signedIn(console_.url, 'ada')
})
afterAll(() => console_[Symbol.asyncDispose]())

type Asks = [method: string, path: string, body?: object]
const onTicket = (verb: string, body: object): (() => Promise<Asks>) => {
  return async () => {
    const tickets = console_.store.db.selectFrom('tickets').select('version').where('id', '=', own.ticket)
    const { version } = await tickets.executeTakeFirstOrThrow()
    return ['POST', `/api/tickets/${own.ticket}/${verb}`, { version, ...body }]
  }
}
const onEndpoint = (verb: string, body: object) => (): Asks => ['POST', `/api/endpoints/${own.endpoint}/${verb}`, body]
const reason = 'to try'

/** In an order in which each can be done. */
const tried: Record<string, () => Asks | Promise<Asks>> = {
  'ticket.create': () => ['POST', '/api/tickets', { organisationId: own.organisation, kind: 'request.other', title: 'Help', note: '' }],
  'ticket.acknowledge': onTicket('acknowledge', {}),
  'ticket.comments': onTicket('comments', { text: 'hello' }),
  'ticket.wait': onTicket('wait', { waitingFor: 'customer', note: reason }),
  'ticket.resume': onTicket('resume', { note: reason }),
  'ticket.security': onTicket('security', {}),
  'ticket.isolate': onTicket('isolate', { reason }),
  'ticket.release': onTicket('release', { reason }),
  'command.ask': onEndpoint('commands', { verb: 'ping', args: {}, reason }),
  'command.drop': () => ['POST', `/api/commands/${own.command}/drop`],
  'bulk.ask': () => [
    ...(['POST', '/api/bulk'] as const),
    { organisationId: own.organisation, verb: 'ping', args: {}, endpoints: [own.endpoint], reason },
  ],
  'bulk.end': () => ['POST', `/api/bulk/${own.bulk}/end`, { reason }],
  'standing.ask': () => ['POST', '/api/standing-orders', { organisationId: own.organisation, draft: 'restart-failed-service', reason }],
  'standing.withdraw': () => ['POST', `/api/standing-orders/${own.standing}/withdraw`, { reason }],
  'containment.stop': () => ['POST', '/api/containment/stop', { organisationId: own.organisation }],
  'organisation.scripts': () => ['POST', `/api/organisations/${own.organisation}/scripts`, { isOff: true }],
  'exception.end': () => ['DELETE', `/api/noise-exceptions/${own.exception}`],
  'ticket.resolve': onTicket('resolve', { resolution: 'fixed', note: reason }),
  'ticket.reopen': onTicket('reopen', { note: reason }),
  'person.disable': () => ['DELETE', `/api/people/${own.person}`],
  'endpoint.isolate': onEndpoint('isolate', { reason }),
  'endpoint.confirm-role': () => ['PATCH', `/api/endpoints/${own.endpoint}`, { role: 'server' }],
  'endpoint.revoke': () => ['DELETE', `/api/endpoints/${own.endpoint}`],
}

/** What comes of it is what its line names, also where its path names a machine. */
const makes = new Set(['ticket.create', 'command.ask', 'bulk.ask', 'standing.ask'])
/** By the same way as one that is tried. */
const likeTried: Record<string, string> = {
  ...{ 'ticket.escalate': 'ticket.security', 'ticket.found': 'ticket.comments', 'ticket.cause': 'ticket.comments' },
  ...{ 'ticket.false-alarm': 'ticket.release', 'ticket.children': 'ticket.comments', 'ticket.leave': 'ticket.isolate' },
  ...{ 'ticket.noise': 'ticket.resolve', 'endpoint.release': 'endpoint.isolate', 'detector.arm': 'exception.end' },
  ...{ 'command.send': 'command.drop', 'command.outcome': 'command.drop', 'command.sign': 'bulk.end', 'bulk.sign': 'bulk.end' },
  ...{ 'bulk.stop': 'bulk.end', 'bulk.go-on': 'bulk.end', 'standing.sign': 'standing.withdraw' },
}
/** After what was done. */
const late: Record<string, string> = {
  'endpoint.adopt': 'a restored collector lets a machine in again, which its word about the restore says too',
  'ticket.request': 'a program of the customer asks; its ticket is the record',
}
const touches = /^(ticket|endpoint|command|bulk|standing|containment|exception|detector)\./

const all = (db: Kysely<never>, table: string) => sql`select * from ${sql.table(table)}`.execute(db).then(({ rows }) => rows)
const acted = ['tickets', 'timeline', 'timers', 'outbox', 'commands', 'isolations', 'bulks', 'bulk_targets', 'standing_orders'] as const
const places = [...acted, 'people', 'organisations', 'endpoints', 'noise_exceptions', 'release_consents', 'audit', 'audit_due'] as const
const world = async () =>
  Object.fromEntries(await Promise.all(places.map(async (table) => [table, await all(console_.store.db as never, table)])))
const headless = (work: () => Promise<void>): Promise<void> => {
  const rename = (from: string, to: string) =>
    console_.store.db
      .updateTable('audit_heads')
      .set({ id: to as 'head' })
      .where('id', '=', from as 'head')
      .execute()
  return rename('head', 'lost')
    .then(work)
    .finally(() => rename('lost', 'head'))
}

describe('without a line in the audit', () => {
  it.each(Object.keys(tried))('no %s is done', async (action) => {
    const asks = await (tried[action] ?? (() => ['GET', '/'] as Asks))()
    const before = await world()
    await headless(async () => {
      expect(await person.ask(...asks)).toMatchObject({ status: 500 })
    })
    expect(await world()).toEqual(before)
    const done = await person.ask(...asks)
    expect(done.status, done.text).toBeLessThan(300)
    const lines = await console_.store.db.selectFrom('audit').select('target').where('action', '=', action).execute()
    expect(lines).toHaveLength(1)
    if (makes.has(action)) expect(lines).toEqual([{ target: `${action.split('.')[0]}:${done.body.id}` }])
  })

  it('no act is left out of this list', () => {
    const actions = console_.http.routes.flatMap(({ action, method }) => (method !== 'GET' && action && touches.test(action) ? action : []))
    const known = new Set([tried, likeTried, late].flatMap((list) => Object.keys(list)))
    expect(actions.filter((action) => !known.has(action))).toEqual([])
    expect([...known].filter((action) => touches.test(action) && !actions.includes(action))).toEqual([])
    expect(Object.values(likeTried).filter((action) => !(action in tried))).toEqual([])
  })
})
