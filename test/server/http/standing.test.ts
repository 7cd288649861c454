import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StandingList } from '#shared/api/standing.ts'
import { drafts } from '../../../server/command/standing/drafts.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

/* What machines do by themselves, as people ask for it where the collector commands alone. */
let console_: TestConsole
let alpha: Belongings
let anna: Visitor
beforeAll(async () => {
  console_ = await startConsole()
  alpha = await addOrganisation(console_, 'alpha')
  await addPerson(console_, { login: 'anna' })
  anna = await signedIn(console_.url, 'anna')
})
afterAll(() => console_[Symbol.asyncDispose]())

const ask = (body: object, visitor = anna) =>
  visitor.ask('POST', '/api/standing-orders', { organisationId: alpha.organisation, reason: 'it falls over', ...body })
const list = async () => (await anna.ask('GET', '/api/standing-orders')).body as StandingList
const carriers = () =>
  console_.store.db
    .selectFrom('commands')
    .select(['endpoint_id', 'args', 'reason'])
    .where('verb', '=', 'keep-standing-order')
    .orderBy('id')
    .execute()

it('three drafts ship, a file each, and nothing of them happens by itself', async () => {
  const files = readdirSync(join(import.meta.dirname, '../../../server/command/standing/drafts')).map((file) =>
    file.slice(0, -'.ts'.length),
  )
  expect(drafts.map(({ draft }) => draft).toSorted()).toEqual(files.toSorted())
  expect((await list()).drafts).toEqual(drafts)
  expect(await carriers()).toEqual([])
})

describe('a standing order', () => {
  let id: string
  it('of a draft is signed, in the organisation’s own time, and goes to each machine of its role', async () => {
    const { status, body } = await ask({ draft: 'updates-in-the-window' })
    expect([status, body]).toMatchObject([201, { status: 'signed' }])
    id = (body as { id: string }).id
    const shown = (await list()).orders.find((each) => each.id === id)
    expect(shown).toMatchObject({ state: 'in force', verb: 'install-updates', role: 'server', askedBy: 'anna', mostRuns: 26 })
    expect(shown?.when).toMatchObject({ kind: 'window', timeZone: 'Europe/Berlin' })
    expect(await carriers()).toMatchObject([{ endpoint_id: alpha.endpoint, reason: 'standing order “Updates in the window”' }])
  })

  it('of named machines opens by the clock of their site, each by its own where there are several', async () => {
    const { db } = console_.store
    await db.updateTable('sites').set({ time_zone: 'America/New_York' }).where('id', '=', alpha.site).execute()
    const draft = 'updates-in-the-window'
    const there = await ask({ draft, endpoints: [alpha.endpoint] })
    const zoneOf = async ({ body }: typeof there) => (await list()).orders.find((each) => each.id === body.id)?.when
    expect(await zoneOf(there)).toMatchObject({ days: [3], timeZone: 'America/New_York' })

    const one = await db.selectFrom('endpoints').selectAll().where('id', '=', alpha.endpoint).executeTakeFirstOrThrow()
    await db
      .insertInto('endpoints')
      .values({ ...one, id: 'elsewhere', site_id: null })
      .execute()
    const endpoints = [alpha.endpoint, 'elsewhere']
    expect(await zoneOf(await ask({ draft, endpoints }))).toMatchObject({ timeZone: 'Europe/Berlin', zones: ['America/New_York'] })
    const told = (await carriers()).slice(-2).map(({ endpoint_id, args }) => [endpoint_id, JSON.parse(args).timeZone])
    expect(Object.fromEntries(told)).toEqual({ [alpha.endpoint]: 'America/New_York', elsewhere: undefined })
    const when = { kind: 'window', days: [6, 7], from: '22:00', to: '02:00', timeZone: 'Asia/Tokyo' }
    expect(await zoneOf(await ask({ draft, endpoints, when }))).toEqual(when)
    await db.deleteFrom('endpoints').where('id', '=', 'elsewhere').execute()
    await db.updateTable('sites').set({ time_zone: null }).where('id', '=', alpha.site).execute()
  })

  it('of a role opens by the clock of each machine’s site, else of its organisation', async () => {
    const { db } = console_.store
    await db.updateTable('sites').set({ time_zone: 'America/New_York' }).where('id', '=', alpha.site).execute()
    const { body } = await ask({ draft: 'updates-in-the-window' })
    const order = (await list()).orders.find((each) => each.id === body.id)
    expect(order?.when).toMatchObject({ timeZone: 'Europe/Berlin', zones: ['America/New_York'] })
    expect(JSON.parse((await carriers()).at(-1)?.args ?? '{}')).toMatchObject({ timeZone: 'America/New_York' })
    const shift = { kind: 'window', days: [3], from: '02:00', to: '04:00', zones: ['Asia/Tokyo'] }
    expect((await ask({ draft: 'updates-in-the-window', when: shift })).status).toBe(400)
    await db.updateTable('sites').set({ time_zone: null }).where('id', '=', alpha.site).execute()
  })

  it('that is withdrawn has a higher number, and the machines that had it hear of that', async () => {
    const before = (await list()).orders.find((each) => each.id === id)
    expect((await anna.ask('POST', `/api/standing-orders/${id}/withdraw`, { reason: 'enough' })).status).toBe(200)
    const after = (await list()).orders.find((each) => each.id === id)
    expect(after).toMatchObject({ state: 'withdrawn' })
    expect(after?.number).toBeGreaterThan(before?.number ?? 0)
    expect((await carriers()).at(-1)).toMatchObject({
      endpoint_id: alpha.endpoint,
      reason: 'withdrawal of the standing order “Updates in the window”',
    })
    expect((await anna.ask('POST', `/api/standing-orders/${id}/withdraw`, { reason: 'again' })).status).toBe(409)
  })

  it.each<[string, object, RegExp]>([
    ['for ever', { draft: 'restart-failed-service', days: 181 }, /180/],
    [
      'that lets machines back in',
      { name: 'x', verb: 'release-host', role: 'server', mostRuns: 1, when: { kind: 'signal', any: [{ kind: 'a.b' }] } },
      /by itself/,
    ],
    ['of no draft', { draft: 'dance' }, /There is no draft/],
    [
      'for a stranger’s machine',
      { draft: 'restart-failed-service', endpoints: ['019aa000-0000-7000-8000-000000000000'] },
      /Not all of these machines/,
    ],
  ])('%s is turned away in one sentence', async (_what, body, sentence) => {
    const { status, text } = await ask(body)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(text).toMatch(sentence)
  })

  it('leaves out a machine of which a person says that it is something else', async () => {
    const { db } = console_.store
    const confirm = (confirmed_role: 'core' | null) =>
      db.updateTable('endpoints').set({ confirmed_role }).where('id', '=', alpha.endpoint).execute()
    await confirm('core')
    const before = (await carriers()).length
    const { body } = await ask({ draft: 'restart-failed-service' })
    expect([(body as { status: string }).status, (await carriers()).length]).toEqual(['signed', before])
    await confirm(null)
  })

  it('is asked for by whoever may ask for what it does, of those machines', async () => {
    await addPerson(console_, { login: 'tom', teams: ['tier1'], isAdmin: false })
    const tom = await signedIn(console_.url, 'tom')
    expect((await ask({ draft: 'isolate-oneself' }, tom)).status).toBe(403)
    expect((await ask({ draft: 'updates-in-the-window' }, tom)).status).toBe(403)
    expect((await ask({ draft: 'restart-failed-service' }, tom)).status).toBe(201)
  })
})
