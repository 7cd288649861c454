import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addPerson, password } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

/*
 * Whatever people change is written down within its own transaction: where the audit can't take the line, nothing is done. Every such act of the API is either tried here, or named with the reason why it isn't.
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
/** What was made by an act that is tried before. */
const made: Record<string, string> = {}
const onTicket = (verb: string, body: object): (() => Promise<Asks>) => {
  return async () => {
    const tickets = console_.store.db.selectFrom('tickets').select('version').where('id', '=', own.ticket)
    const { version } = await tickets.executeTakeFirstOrThrow()
    return ['POST', `/api/tickets/${own.ticket}/${verb}`, { version, ...body }]
  }
}
const onEndpoint = (verb: string, body: object) => (): Asks => ['POST', `/api/endpoints/${own.endpoint}/${verb}`, body]
const reason = 'to try'

const on = (method: string, pathOf: () => string, bodyOf?: () => object) => (): Asks => {
  const body = bodyOf?.()
  return body ? [method, pathOf(), body] : [method, pathOf()]
}
const slot = { team: 'tier1', timeZone: 'UTC' }
const future = { from: 0, until: 4_000_000_000_000 }

/** What the office does: people, keys, plans, texts. */
const administered: Record<string, () => Asks | Promise<Asks>> = {
  'organisation.create': on(
    'POST',
    () => '/api/organisations',
    () => ({ name: 'Another', timeZone: 'Europe/Berlin' }),
  ),
  'organisation.add-site': on(
    'POST',
    () => `/api/organisations/${own.organisation}/sites`,
    () => ({ name: 'Another' }),
  ),
  'organisation.change': on(
    'PATCH',
    () => `/api/organisations/${own.organisation}`,
    () => ({ mode: 'observe' }),
  ),
  'person.create': on(
    'POST',
    () => '/api/people',
    () => ({
      ...{ name: 'Eva', login: 'eva', password: 'twelve letters or more', teams: [], organisationId: own.organisation },
    }),
  ),
  'person.describe': on(
    'PATCH',
    () => `/api/people/${own.person}`,
    () => ({ skills: ['network'], leads: [], wipLimit: 3 }),
  ),
  'person.away': on(
    'POST',
    () => `/api/people/${own.person}/away`,
    () => future,
  ),
  'person.back': on('DELETE', () => `/api/people/${own.person}/away`),
  'requester.put': on(
    'POST',
    () => '/api/requesters',
    () => ({ organisationId: own.organisation, name: 'Ida', mail: 'ida@own.example' }),
  ),
  'token.create': on(
    'POST',
    () => '/api/tokens',
    () => ({ name: 'script' }),
  ),
  'token.confirm': on('POST', () => `/api/restored/tokens/${own.token}/confirm`),
  'token.revoke': on('DELETE', () => `/api/tokens/${made['token.create']}`),
  'source.create': on(
    'POST',
    () => '/api/sources',
    () => ({ organisationId: own.organisation, name: 'firewall' }),
  ),
  'source.confirm': on('POST', () => `/api/restored/sources/${own.source}/confirm`),
  'source.revoke': on('DELETE', () => `/api/sources/${own.source}`),
  'receiver.create': on(
    'POST',
    () => '/api/receivers',
    () => ({
      ...{ name: 'hook', notifier: 'webhook', url: 'https://hook.example/x', organisationId: own.organisation },
    }),
  ),
  'receiver.disable': on('DELETE', () => `/api/receivers/${own.receiver}`),
  'enrolment-token.create': on(
    'POST',
    () => '/api/enrolment-tokens',
    () => ({ organisationId: own.organisation }),
  ),
  'shift.create': on(
    'POST',
    () => '/api/shifts',
    () => ({ ...slot, personId: own.person, days: ['mon'], from: '08:00', to: '18:00' }),
  ),
  'shift.remove': on('DELETE', () => `/api/shifts/${made['shift.create']}`),
  'rotation.create': on(
    'POST',
    () => '/api/rotations',
    () => ({ ...slot, people: [own.person], startsOn: '2026-11-23', handOver: '09:00' }),
  ),
  'rotation.remove': on('DELETE', () => `/api/rotations/${made['rotation.create']}`),
  'on-call.override': on(
    'POST',
    () => '/api/on-call-overrides',
    () => ({ team: 'tier1', personId: own.person, ...future }),
  ),
  'on-call.override-end': on('DELETE', () => `/api/on-call-overrides/${made['on-call.override']}`),
  'window.plan': on(
    'POST',
    () => '/api/maintenance-windows',
    () => ({
      ...{ organisationId: own.organisation, name: 'x', minutes: 9, startsAt: future.until },
    }),
  ),
  'window.end': async () => ['POST', `/api/maintenance-windows/${await openWindow()}/end`],
  'window.remove': on('DELETE', () => `/api/maintenance-windows/${made['window.plan']}`),
  'script.write': on(
    'POST',
    () => '/api/scripts',
    () => ({ name: 'one', text: 'true' }),
  ),
  'script.review': async () => ['POST', `/api/scripts/${made['script.write']}/review`, { sha256: await writtenByBob() }],
  'script.retire': on('DELETE', () => `/api/scripts/${made['script.write']}`),
  'endpoint.adopt': async () => ['POST', `/api/restored/endpoints/${await forgotten()}/adopt`, { organisationId: own.organisation }],
  'person.change-password': on(
    'POST',
    () => '/api/session/password',
    () => ({ current: password, next: 'twelve letters or more' }),
  ),
}
async function bulkIs(status: 'running' | 'stopped'): Promise<string> {
  await console_.store.db.updateTable('bulks').set({ status }).where('id', '=', own.bulk).execute()
  return own.bulk
}
async function openWindow(): Promise<string> {
  const now = console_.time.now()
  const times = { opens_at: now - 1, closes_at: now + 60_000, days: '[]', at_time: '' }
  await console_.store.db.updateTable('maintenance_windows').set(times).where('id', '=', own.window).execute()
  return own.window
}
/** Somebody else's, so that it can be reviewed. @returns its hash. */
async function writtenByBob(): Promise<string> {
  const script = console_.store.db
    .updateTable('scripts')
    .set({ written_by: own.person })
    .where('id', '=', made['script.write'] ?? '')
  return (await script.returning('sha256').executeTakeFirstOrThrow()).sha256
}
async function forgotten(): Promise<string> {
  const [endpoint_id, at] = ['forgotten', console_.time.now()]
  const shown = {
    endpoint_id,
    serial: 'abcd',
    not_before: at,
    not_after: at + 1,
    hostname: 'pc',
    platform: 'linux' as const,
    address: '::1',
  }
  const row = { ...shown, first_seen_at: at, last_seen_at: at, adopted_at: null }
  await console_.store.db.insertInto('forgotten_endpoints').values(row).execute()
  return endpoint_id
}

/** In an order in which each can be done. */
const tried: Record<string, () => Asks | Promise<Asks>> = {
  ...administered,
  'ticket.create': () => ['POST', '/api/tickets', { organisationId: own.organisation, kind: 'request.other', title: 'Help', note: '' }],
  'ticket.acknowledge': onTicket('acknowledge', {}),
  'ticket.comments': onTicket('comments', { text: 'hello' }),
  'ticket.cause': onTicket('cause', { cause: 'software', note: reason }),
  'ticket.wait': onTicket('wait', { waitingFor: 'customer', note: reason }),
  'ticket.resume': onTicket('resume', { note: reason }),
  'ticket.escalate': onTicket('escalate', { reason: 'expertise', tried: 'turned it off and on again' }),
  'ticket.security': onTicket('security', {}),
  'ticket.isolate': onTicket('isolate', { reason }),
  'ticket.release': onTicket('release', { reason }),
  'command.ask': onEndpoint('commands', { verb: 'ping', args: {}, reason }),
  'command.drop': () => ['POST', `/api/commands/${own.command}/drop`],
  'bulk.ask': () => [
    ...(['POST', '/api/bulk'] as const),
    { organisationId: own.organisation, verb: 'ping', args: {}, endpoints: [own.endpoint], reason },
  ],
  'bulk.stop': async () => ['POST', `/api/bulk/${await bulkIs('running')}/stop`, { reason }],
  'bulk.go-on': async () => ['POST', `/api/bulk/${await bulkIs('stopped')}/go-on`, { reason }],
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
  'endpoint.confirm-role': () => ['PATCH', `/api/endpoints/${own.endpoint}`, { role: 'server', tags: ['till'] }],
  'endpoint.release': onEndpoint('release', { reason }),
  'endpoint.revoke': () => ['DELETE', `/api/endpoints/${own.endpoint}`],
}

/** What comes of it is what its line names, also where its path names a machine. */
const makes = new Set(['ticket.create', 'command.ask', 'bulk.ask', 'standing.ask'])
/** By the same way as one that is tried. */
const likeTried: Record<string, string> = {
  ...{ 'ticket.found': 'ticket.comments' },
  ...{ 'ticket.false-alarm': 'ticket.release', 'ticket.children': 'ticket.comments', 'ticket.leave': 'ticket.isolate' },
  ...{ 'ticket.noise': 'ticket.resolve', 'detector.arm': 'exception.end' },
  ...{ 'command.send': 'command.drop', 'command.outcome': 'command.drop', 'command.sign': 'bulk.end', 'bulk.sign': 'bulk.end' },
  ...{ 'standing.sign': 'standing.withdraw' },
  ...{ 'browser-key.ask': 'token.create', 'ticket.request': 'ticket.create' },
  ...{ 'mail.take': 'ticket.comments', 'mail.drop': 'script.retire', 'matrix.put': 'script.write', 'policy.put': 'script.write' },
  ...{ 'policy.sign': 'script.write', 'person.sign-out': 'person.change-password' },
}
/** After what was done. */
const late: Record<string, string> = {
  'person.sign-in': 'whose it is is known only once it was done',
  'matrix.replan': 'open tickets take it over some at a time, in many transactions',
}

const all = (db: Kysely<never>, table: string) => sql`select * from ${sql.table(table)}`.execute(db).then(({ rows }) => rows)
const acted = ['tickets', 'timeline', 'timers', 'outbox', 'commands', 'isolations', 'bulks', 'bulk_targets', 'standing_orders'] as const
const office = ['api_tokens', 'sources', 'receivers', 'scripts', 'shifts', 'rotations', 'on_call_overrides', 'absences', 'sites'] as const
const texts = [
  'maintenance_windows',
  'matrix_versions',
  'policy_versions',
  'requesters',
  'enrolment_tokens',
  'forgotten_endpoints',
] as const
const places = [
  ...acted,
  ...office,
  ...texts,
  'people',
  'organisations',
  'endpoints',
  'noise_exceptions',
  'release_consents',
  'audit',
  'audit_due',
] as const
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
    if (typeof done.body?.id === 'string') made[action] = done.body.id
    const lines = await console_.store.db.selectFrom('audit').select('target').where('action', '=', action).execute()
    expect(lines).toHaveLength(1)
    if (makes.has(action)) expect(lines).toEqual([{ target: `${action.split('.')[0]}:${done.body.id}` }])
  })

  it('no act is left out of this list', () => {
    const actions = console_.http.routes.flatMap(({ action, method }) => (method !== 'GET' && action ? action : []))
    const known = new Set([tried, likeTried, late].flatMap((list) => Object.keys(list)))
    expect(actions.filter((action) => !known.has(action))).toEqual([])
    expect([...known].filter((action) => !actions.includes(action))).toEqual([])
    expect(Object.values(likeTried).filter((action) => !(action in tried))).toEqual([])
  })
})
