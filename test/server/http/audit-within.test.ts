import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { personsKey } from '../../support/operators.ts'
import type { Acts, ActsRoom, Asks } from './acts/acts.ts'
import { deskActs } from './acts/desk.ts'
import { officeActs } from './acts/office.ts'
import { otherActs } from './acts/others.ts'
import { signedActs } from './acts/signed.ts'
import { addPerson } from './persons.ts'
import { startConsole } from './start-console.ts'
import { signedIn } from './visitor.ts'
import { addOrganisation } from './world.ts'

/*
 * Whatever people change is written down within its own transaction: where the audit can't take the line, nothing is done. Every such act of the API is tried here.
 */
const room = { made: {} } as ActsRoom
beforeAll(async () => {
  room.console = await startConsole({}, undefined, () => room.register)
  room.own = await addOrganisation(room.console, 'own')
  room.other = await addOrganisation(room.console, 'other')
  for (const [login, name] of Object.entries({ ada: 'Ada', bob: 'Bob' })) await addPerson(room.console, { login, name })
  room.person = await signedIn(room.console.url, 'ada')
  room.key = await personsKey()
})
afterAll(() => room.console[Symbol.asyncDispose]())

/** In an order in which each can be done. */
const tried: Acts = { ...officeActs(room), ...otherActs(room), ...signedActs(room), ...deskActs(room) }
/** Asks anew for what it sends: the collector takes it once. */
const once = new Set(['browser-key.ask'])

/** What comes of it is what its line names, also where its path names a machine. */
const makes = new Set(['ticket.create', 'command.ask', 'bulk.ask', 'standing.ask'])
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
  'sessions',
  'mails',
  'found_lines',
  'disarmed_detectors',
  'browser_keys',
  'policies',
  'organisations',
  'endpoints',
  'noise_exceptions',
  'release_consents',
  'audit',
  'audit_due',
] as const
const world = async () =>
  Object.fromEntries(await Promise.all(places.map(async (table) => [table, await all(room.console.store.db as never, table)])))
const headless = (work: () => Promise<void>): Promise<void> => {
  const rename = (from: string, to: string) =>
    room.console.store.db
      .updateTable('audit_heads')
      .set({ id: to as 'head' })
      .where('id', '=', from as 'head')
      .execute()
  return rename('head', 'lost')
    .then(work)
    .finally(() => rename('lost', 'head'))
}

const send = ([method, path, body, by = room.person]: Asks) => by.ask(method, path, body)
const linesOf = (action: string) =>
  room.console.store.db.selectFrom('audit').select('target').where('action', '=', action).orderBy('number').execute()

describe('without a line in the audit', () => {
  it.each(Object.keys(tried))('no %s is done', async (action) => {
    room.register = undefined
    const asksOf = tried[action] ?? ((): Asks => ['GET', '/'])
    const asks = await asksOf()
    const before = await world()
    await headless(async () => {
      expect(await send(asks)).toMatchObject({ status: 500 })
    })
    expect(await world()).toEqual(before)
    const earlier = await linesOf(action)
    const done = await send(once.has(action) ? await asksOf() : asks)
    expect(done.status, done.text).toBeLessThan(300)
    if (typeof done.body?.id === 'string') room.made[action] = done.body.id
    const lines = (await linesOf(action)).slice(earlier.length)
    expect(lines).toHaveLength(1)
    if (makes.has(action)) expect(lines).toEqual([{ target: `${action.split('.')[0]}:${done.body.id}` }])
  })

  it('no act is left out of this list', () => {
    const actions = room.console.http.routes.flatMap(({ action, method }) => (method !== 'GET' && action ? action : []))
    expect(Object.keys(tried).toSorted()).toEqual([...new Set(actions)].toSorted())
  })
})
