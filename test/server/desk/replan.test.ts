import { readFile } from 'node:fs/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { hours, minutes } from '#shared/domain/time.ts'
import { shippedMatrix } from '../../../server/desk/matrices.ts'
import { askForReplan, createReplan, foreseeReplan } from '../../../server/desk/replan.ts'
import { createTurns } from '../../../server/pipeline/turns.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { letMachinesBeLoud } from '../../support/loud-machines.ts'

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom({ startsAt: '2026-11-23T09:00:00+01:00' })
})
afterEach(() => room.close())

const yaml = await readFile(shippedMatrix, 'utf8')
const stricter = yaml
  .replace('P3: { respond: 2h, resolve: 20h', 'P3: { respond: 1h, resolve: 10h')
  .replace('P3: { box: 15m, from: work, to: tier2 }', 'P3: { box: 25m, from: work, to: tier2 }')
const person = { id: 'ada', name: 'Ada' }

const replanAll = () =>
  createReplan({
    store: room.store,
    rules: room.matrices.rules,
    time: room.time,
    turns: createTurns(room.store.db),
    afterCommit: () => undefined,
  })()
const ticket = () => room.store.db.selectFrom('tickets').selectAll().executeTakeFirstOrThrow()
const timers = async () => {
  const rows = await room.store.db
    .selectFrom('timers')
    .select(['kind', 'due_at'])
    .where('fired_at', 'is', null)
    .where('cancelled_at', 'is', null)
    .execute()
  return Object.fromEntries(rows.map(({ kind, due_at }) => [kind, new Date(due_at).toISOString().slice(11, 16)]))
}
const full = { kind: 'health.disk.full', endpointId: 'srv', severity: 'medium' as const }

it('gives open tickets the plan in force, counts what was used, and moves nothing else', async () => {
  await room.signals(full)
  await room.matrices.put(stricter, 'ada')
  await room.time.advance(minutes(30))
  expect(await replanAll()).toBe(1)
  expect(await ticket()).toMatchObject({ plan_version: 2, matrix_version: 1, priority: 'P3', team: 'tier1' })
  // Opened at 08:00 UTC: an hour to answer, ten of the office's hours to solve it.
  expect(await timers()).toMatchObject({ 'respond-due': '09:00', 'resolve-due': expect.any(String) })
  expect(new Date((await ticket()).resolve_by ?? 0).toISOString()).toBe('2026-11-24T08:00:00.000Z')
  expect(await replanAll()).toBe(0)
})

it('lets a box that runs go on with what the new one leaves', async () => {
  await room.signals(full)
  const { id, version } = await ticket()
  await room.desk.acknowledge({ ticketId: id, version, person })
  expect((await timers())['time-box']).toBe('08:15')
  await room.time.advance(minutes(10))
  await room.matrices.put(stricter, 'ada')
  await replanAll()
  expect((await timers())['time-box']).toBe('08:25')
})

it('says that a promise is broken as soon as the new plan has no time left, and leaves what is broken alone', async () => {
  await room.signals(full)
  await room.time.advance(minutes(90))
  await room.matrices.put(stricter, 'ada')
  await replanAll()
  expect((await timers())['respond-due']).toBe('09:30')
  await room.time.advance(hours(1))
  const { respond_by } = await ticket()
  await room.matrices.put(yaml, 'ada')
  await replanAll()
  expect(await ticket()).toMatchObject({ respond_by, plan_version: 3 })
})

it('leaves a ticket that ended as it was', async () => {
  await room.signals(full)
  const { id, version } = await ticket()
  await room.desk.resolve({ ticketId: id, version, person, resolution: 'fixed', note: '' })
  await room.matrices.put(stricter, 'ada')
  expect(await replanAll()).toBe(0)
})

it('foresees what would change, and changes nothing', async () => {
  await room.signals(full)
  await room.matrices.put(stricter, 'ada')
  const before = await ticket()
  const foreseen = []
  for await (const each of foreseeReplan(room.store.reader, room.matrices.rules, room.time.now())) foreseen.push(each)
  expect(foreseen.map(({ after }) => after.ticket)).toMatchObject([{ id: before.id, plan_version: 2, priority: 'P3' }])
  expect(await ticket()).toEqual(before)
  await replanAll()
  expect((await ticket()).resolve_by).toBe(foreseen[0]?.after.ticket.resolve_by)
})

it('does what another process asked for, page after page, by timers', async () => {
  await letMachinesBeLoud(room)
  const many = Array.from({ length: 450 }, (_, index) => ({ ...full, fingerprint: `disk:${index}` }))
  await room.signals(...many)
  await room.matrices.put(stricter, 'ada')
  await askForReplan(room.store, room.time.now())
  await room.time.advance(minutes(2))
  const versions = await room.store.db.selectFrom('tickets').select('plan_version').execute()
  expect(versions.filter(({ plan_version }) => plan_version === 3)).toHaveLength(450)
  const asked = await room.store.db.selectFrom('timers').select('fired_at').where('kind', '=', 'replan').execute()
  expect([asked.length, asked.every(({ fired_at }) => fired_at !== null)]).toEqual([3, true])
})
