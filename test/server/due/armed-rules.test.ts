import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { hours } from '#shared/domain/time.ts'
import { startPostgres } from '../../support/postgres.ts'
import { digest, type Fleet, openFleet, rule } from './fleet-of-rules.ts'

const postgres = await startPostgres()
if (postgres.kind === 'unavailable') console.log(`Rules are armed on SQLite only: ${postgres.reason}`)
afterAll(async () => {
  if (postgres.kind === 'running') await postgres.stop()
})
const databases = [
  ['SQLite', undefined],
  ['PostgreSQL', postgres.kind === 'running' ? postgres.url : undefined],
] as const

let fleet: Fleet
afterEach(() => fleet.close())

describe.each(databases)('on %s', (name, url) => {
  it.skipIf(name === 'PostgreSQL' && url === undefined)(
    'a rule is armed on its eighth morning, and disarmed by three false alarms',
    async () => {
      fleet = await openFleet(50, url)
      await fleet.watch([rule('quiet'), rule('draft', { status: 'experimental' })])
      await fleet.look()
      expect(await fleet.known('quiet')).toMatchObject({ isArmed: false, reason: 'days' })
      // The first day is not whole.
      await fleet.pass(7)
      expect(await fleet.known('quiet')).toMatchObject({ isArmed: false, reason: 'days', days: 6, endpoints: 50, endpointDays: 300 })
      expect(await fleet.hit('m1', 'quiet')).toMatchObject({ severity: 'medium' })
      await fleet.room.store.db.deleteFrom('signals').execute()
      await fleet.pass(1)
      expect(await fleet.known('quiet')).toMatchObject({ isArmed: true, reason: 'record', days: 7, hits: 0, falseAlarms: 0 })
      expect(await fleet.known('draft')).toMatchObject({ isArmed: false, reason: 'status' })
      const said = await fleet.hit('m1', 'quiet')
      expect(said).toMatchObject({ severity: 'high' })
      expect(JSON.parse(said.facts)).toMatchObject({ armed: true, armedBy: 'fleet', level: 'high' })
      await fleet.look()
      for (const machine of ['m1', 'm2', 'm3']) {
        if (machine !== 'm1') expect(await fleet.hit(machine, 'quiet')).toMatchObject({ severity: 'high' })
        await endAsFalseAlarm(machine)
      }
      await fleet.look()
      expect(await fleet.known('quiet')).toMatchObject({ isArmed: false, reason: 'false-alarms', falseAlarms: 3 })
      expect(await fleet.hit('m4', 'quiet')).toMatchObject({ severity: 'medium' })
      expect(await fleet.audited()).toEqual(['system rule.arm rule:quiet', 'system rule.disarm rule:quiet'])
      await fleet.pass(3)
      expect(await fleet.known('quiet')).toMatchObject({ isArmed: false, reason: 'false-alarms' })
    },
  )
})

async function endAsFalseAlarm(endpointId: string): Promise<void> {
  const { store, desk } = fleet.room
  const open = store.db
    .selectFrom('tickets')
    .select(['id', 'version'])
    .where('endpoint_id', '=', endpointId)
    .where('resolved_at', 'is', null)
  const { id, version } = await open.executeTakeFirstOrThrow()
  const act = { ticketId: id, version, person: { id: 'p', name: 'P' } }
  expect(await desk.resolve({ ...act, resolution: 'false-alarm', note: 'a backup' })).toMatchObject({ kind: 'done' })
}

describe('what a rule lacks', () => {
  it('is few enough hits: one in 500 endpoint-days, and 350 are not enough to forgive one', async () => {
    fleet = await openFleet(50)
    await fleet.watch([rule('loud'), rule('rare')])
    await fleet.pass(1)
    await fleet.hit('m1', 'loud')
    await fleet.pass(8)
    expect(await fleet.known('loud')).toMatchObject({ isArmed: false, reason: 'hits', hits: 1, endpointDays: 400 })
    expect(await fleet.known('rare')).toMatchObject({ isArmed: true })
    await fleet.pass(2)
    expect(await fleet.known('loud')).toMatchObject({ isArmed: true, hits: 1, endpointDays: 500 })
  })

  it('is enough machines, unless all watch it; days on which some were away count those that were there', async () => {
    fleet = await openFleet(4)
    await fleet.watch([rule('everywhere'), rule('few')], ['m0', 'm1'])
    await fleet.watch([rule('everywhere')], ['m2', 'm3'])
    await fleet.room.store.db.updateTable('presences').set({ is_connected: 0 }).where('endpoint_id', '=', 'm3').execute()
    await fleet.pass(8)
    expect(await fleet.known('everywhere')).toMatchObject({ isArmed: true, endpoints: 3, ofEndpoints: 3 })
    expect(await fleet.known('few')).toMatchObject({ isArmed: false, reason: 'days', days: 0, endpoints: 2, ofEndpoints: 3 })
  })

  it('begins anew when its text is another, and goes on when another rule comes beside it', async () => {
    fleet = await openFleet(3)
    await fleet.watch([rule('same'), rule('changed')])
    await fleet.pass(5)
    await fleet.watch([rule('same'), rule('changed', { digest: 'b'.repeat(32) }), rule('other')])
    await fleet.pass(3)
    expect(await fleet.known('same')).toMatchObject({ isArmed: true, days: 7 })
    expect(await fleet.known('changed')).toMatchObject({ isArmed: false, reason: 'days', days: 2 })
    expect(await fleet.hit('m1', 'changed')).toMatchObject({ severity: 'medium' })
  })

  it('is the collector’s own presence: days on which it was away are not counted', async () => {
    fleet = await openFleet(3)
    await fleet.watch([rule('quiet')])
    await fleet.pass(2)
    fleet.room.time.jump(10 * hours(24))
    await fleet.look()
    expect(await fleet.known('quiet')).toMatchObject({ isArmed: false, days: 2 })
  })
})

describe('whose word it is', () => {
  it('is the policy’s, where it has spoken, whichever way', async () => {
    fleet = await openFleet(2)
    await fleet.watch([rule('quiet')])
    await fleet.pass(8)
    expect(await fleet.hit('m0', 'quiet')).toMatchObject({ severity: 'high' })
    expect(await fleet.hit('m0', 'quiet', { armedBy: 'policy' })).toMatchObject({ severity: 'medium' })
    expect(await fleet.hit('m0', 'quiet', { digest: 'b'.repeat(32) })).toMatchObject({ severity: 'medium' })
    expect(await fleet.hit('m0', 'quiet', { level: 'apocalyptic' })).toMatchObject({ severity: 'medium' })
    expect(await fleet.hit('m0', 'other')).toMatchObject({ severity: 'medium' })
  })

  it('hits that are no false alarms take nothing from a rule that is armed: an attack must not quieten it', async () => {
    fleet = await openFleet(3)
    await fleet.watch([rule('quiet')])
    await fleet.pass(8)
    for (const machine of fleet.names) for (let hit = 0; hit < 5; hit += 1) await fleet.hit(machine, 'quiet')
    await fleet.pass(1)
    expect(await fleet.known('quiet')).toMatchObject({ isArmed: true, hits: 15 })
  })

  it('is most machines’: one that calls a rule experimental, or names a list by what isn’t in it, changes nothing', async () => {
    fleet = await openFleet(3)
    await fleet.watch([rule('quiet', { status: 'experimental', title: 'Nothing' })], ['m0'])
    await fleet.watch([rule('quiet')], ['m1', 'm2'])
    const forged = { v: 1, type: 'rule-list', list: { digest, rules: [rule('forged')] } }
    await fleet.records('m0', 'inventory', forged)
    await fleet.pass(8)
    expect(await fleet.known('quiet')).toMatchObject({ isArmed: true, endpoints: 3 })
    expect(await fleet.room.store.db.selectFrom('watched_rules').select('title').execute()).toEqual([{ title: 'Title of quiet' }])
    expect(await fleet.room.store.db.selectFrom('rule_lists').selectAll().execute()).toHaveLength(2)
  })
})

describe('what is kept', () => {
  it('ends: lists that nobody watches, rules and days beyond those that count', async () => {
    fleet = await openFleet(2)
    await fleet.watch([rule('old')])
    await fleet.pass(2)
    await fleet.watch([rule('new')])
    await fleet.pass(32)
    const { db } = fleet.room.store
    expect(await db.selectFrom('rule_lists').selectAll().execute()).toHaveLength(1)
    expect((await db.selectFrom('watched_rules').select('rule').execute()).map((row) => row.rule)).toEqual(['new'])
    expect(await db.selectFrom('rule_days').selectAll().execute()).toHaveLength(30)
  })

  it('has room for so many lists of one machine', async () => {
    fleet = await openFleet(1)
    for (let list = 0; list < 60; list += 1) await fleet.watch([rule(`r${list}`)])
    expect(await fleet.room.store.db.selectFrom('rule_lists').selectAll().execute()).toHaveLength(50)
  })

  it('three thousand rules take seconds, and are armed in lines that people can read', async () => {
    fleet = await openFleet(2)
    await fleet.watch(Array.from({ length: 3_000 }, (_, index) => rule(`r${index}`)))
    await fleet.pass(8)
    expect((await fleet.audited()).length).toBe(60)
    expect(await fleet.known('r2999')).toMatchObject({ isArmed: true })
  })
})
