import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { minutes, seconds } from '#shared/domain/time.ts'
import { type DeskRoom, openDeskRoom, type PlacedSignal } from '../../support/desk-room.ts'
import { type Listener, startListener } from '../../support/listener.ts'
import { addMachines, type Machine } from '../../support/machines.ts'
import { hire } from '../../support/staff.ts'

let room: DeskRoom
let phones: Listener
let fleet: Machine[]
const person = { id: 'adm', name: 'adm' }

beforeEach(async () => {
  room = await openDeskRoom()
  phones = await startListener()
  fleet = await addMachines(room, { organisations: 40, machines: 1_200 })
  await hire(room, 'adm', { teams: '["admin"]', is_admin: 1, ways: [`${phones.url}adm`] })
  await hire(room, 'ann', { teams: '["security"]', ways: [`${phones.url}ann`] })
})
afterEach(async () => {
  await room.close()
  await phones[Symbol.asyncDispose]()
})

const hit = ({ endpointId, organisationId }: Machine, more: Partial<PlacedSignal> = {}): Partial<PlacedSignal> => ({
  ...{ endpointId, organisationId, kind: 'security.sigma.bad-rule', severity: 'critical', state: 'happened', summary: 'A bad rule' },
  ...more,
})
const tickets = () => room.store.db.selectFrom('tickets').selectAll().orderBy('number').execute()
const storms = () => room.store.db.selectFrom('tickets').selectAll().where('gathers', '=', 'storm').orderBy('number').execute()
const storm = async () => {
  const [one] = await storms()
  if (!one) throw new Error('there is no storm')
  return one
}
const pass = async (ms: number, step = seconds(30)): Promise<void> => {
  for (let left = ms; left > 0; left -= step) {
    room.time.jump(Math.min(left, step))
    await room.timers.idle()
    await room.pipeline.idle()
    await room.outbox.idle()
  }
}
const openTimers = async () =>
  new Set(
    (
      await room.store.db.selectFrom('timers').select('ticket_id').where('fired_at', 'is', null).where('cancelled_at', 'is', null).execute()
    ).map(({ ticket_id }) => ticket_id),
  )
const everyOpenTicketHasATimer = async () => {
  const timers = await openTimers()
  const open = (await tickets()).filter(({ status }) => status !== 'resolved')
  expect(open.filter(({ id }) => !timers.has(id))).toEqual([])
}
const customersMail = async (): Promise<void> => {
  for (const { organisationId } of fleet.slice(0, 40)) {
    await room.receivers.create({
      ...{ name: organisationId, notifier: 'slack', settings: { url: `${phones.url}customer` } },
      ...{ organisationId, audience: 'contact' as const },
    })
  }
}

describe('golden case 19: a bad rule, 5,000 hits on 1,200 machines of 40 organisations in ten minutes', () => {
  it('is one storm ticket; nobody is called twice for its beginning, no customer hears of it, nothing is isolated', async () => {
    await customersMail()
    const hits = Array.from({ length: 5_000 }, (_, index) => fleet[index % fleet.length] ?? fleet[0])
    const waves = 100
    for (let wave = 0; wave < waves; wave++) {
      const size = hits.length / waves
      await room.signals(...hits.slice(wave * size, (wave + 1) * size).flatMap((machine) => (machine ? hit(machine) : [])))
      await pass(minutes(10) / waves, minutes(10) / waves)
      const one = await storm()
      if (wave === 2) await room.desk.acknowledge({ ticketId: one.id, version: one.version, person })
    }
    await pass(minutes(5))
    const one = await storm()
    expect(await storms()).toHaveLength(1)
    expect(one).toMatchObject({ kind: 'system.storm', priority: 'P1', team: 'admin', organisation_id: 'acme', occurrences: 1_200 })
    const children = (await tickets()).filter(({ parent_id }) => parent_id === one.id)
    expect(children).toHaveLength(1_200)
    expect(children.reduce((sum, { occurrences }) => sum + occurrences, 0)).toBe(5_000)
    expect(children.filter(({ respond_by, resolve_by }) => respond_by !== null || resolve_by !== null)).toEqual([])
    const calls = phones.posts.map(({ path }) => path)
    expect(calls.filter((path) => path === '/customer')).toEqual([])
    const paged = await room.store.db
      .selectFrom('outbox')
      .innerJoin('receivers', 'receivers.id', 'outbox.receiver_id')
      .select('person_id')
      .where('pass_on_at', 'is not', null)
      .where('delivered_at', 'is not', null)
      .execute()
    for (const who of ['adm', 'ann']) expect(paged.filter(({ person_id }) => person_id === who).length).toBeLessThanOrEqual(1)
    expect(await room.store.db.selectFrom('commands').select('id').execute()).toEqual([])
    const timers = await room.store.db
      .selectFrom('timers')
      .innerJoin('tickets', 'tickets.id', 'timers.ticket_id')
      .select('timers.kind')
      .distinct()
      .where('parent_id', '=', one.id)
      .where('fired_at', 'is', null)
      .where('cancelled_at', 'is', null)
      .execute()
    expect(timers).toEqual([{ kind: 'review' }])
    await everyOpenTicketHasATimer()
  }, 120_000)
})

describe('a storm', () => {
  const rain = (count: number, from = 0, more: Partial<PlacedSignal> = {}) =>
    room.signals(...fleet.slice(from, from + count).map((machine) => hit(machine, more)))

  it('needs three organisations', async () => {
    const two = fleet.filter(({ organisationId }) => ['customer-1', 'customer-2'].includes(organisationId))
    await room.signals(...two.map((machine) => hit(machine)))
    expect(await storms()).toEqual([])
    const third = fleet.find(({ organisationId }) => organisationId === 'customer-3')
    if (third) await room.signals(hit(third))
    expect(await storms()).toHaveLength(1)
  })

  it('is a P2 where nothing critical threatens, and a P1 as soon as something does', async () => {
    await rain(40, 0, { kind: 'health.disk.full', severity: 'medium', state: 'raised' })
    expect(await storm()).toMatchObject({ priority: 'P2', team: 'admin' })
    await rain(40, 0, { severity: 'high' })
    await rain(1, 50, { severity: 'critical' })
    const [, second] = await storms()
    expect(second).toMatchObject({ priority: 'P1', occurrences: 41 })
  })

  it('is a P1 as well when one that is under it already becomes critical to security', async () => {
    await rain(40, 0, { severity: 'high' })
    expect(await storm()).toMatchObject({ priority: 'P2' })
    await rain(1, 0, { severity: 'critical' })
    expect(await storm()).toMatchObject({ priority: 'P1', occurrences: 40 })
  })

  it('is not made by three machines that open ticket after ticket', async () => {
    for (let nth = 0; nth < 15; nth++) await room.signals(...fleet.slice(0, 3).map((machine) => hit(machine, { fingerprint: `f${nth}` })))
    expect(await storms()).toEqual([])
  })

  it('isolates nothing more, not even what people were asked about before it', async () => {
    const wall = { kind: 'security.ransomware.canary', facts: { change: 'unreadable' } }
    const ofOne = fleet.filter(({ organisationId }) => organisationId === 'customer-1')
    await room.signals(...ofOne.slice(0, 8).map((machine) => hit(machine, wall)))
    const isolations = () => room.store.db.selectFrom('commands').select('id').where('verb', '=', 'isolate-host').execute()
    const before = (await isolations()).length
    expect(before).toBe(3)
    await room.signals(...fleet.slice(0, 60).map((machine) => hit(machine, wall)))
    const after = (await isolations()).length
    expect(await storms()).toHaveLength(1)
    await pass(minutes(10))
    expect((await isolations()).length).toBe(after)
  })

  it('is over after half an hour with less than one a minute, and not before', async () => {
    await rain(40)
    for (let minute = 0; minute < 40; minute++) {
      await rain(2, 100 + 2 * minute)
      await pass(minutes(1), minutes(1))
    }
    expect(await storm()).toMatchObject({ gathering: 'on', occurrences: 120 })
    await pass(minutes(40), minutes(1))
    const over = await storm()
    expect(over).toMatchObject({ gathering: 'over', is_standing: 0, status: 'new' })
    await rain(1, 300)
    expect((await tickets()).at(-1)).toMatchObject({ parent_id: null })
    await rain(40, 400)
    expect(await storm()).toMatchObject({ id: over.id, gathering: 'on' })
    await everyOpenTicketHasATimer()
  })

  it('can be ended with all that is under it', async () => {
    await rain(450)
    const one = await storm()
    const act = { ticketId: one.id, version: one.version, person, act: 'close' as const, note: 'The rule was wrong' }
    expect(await room.desk.children(act)).toMatchObject({ kind: 'refused' })
    expect(await room.desk.children({ ...act, resolution: 'false-alarm' })).toMatchObject({ kind: 'done' })
    await room.timers.idle()
    expect((await tickets()).filter(({ status, resolution }) => status !== 'resolved' || resolution !== 'false-alarm')).toEqual([])
    await rain(1, 700)
    expect((await tickets()).at(-1)).toMatchObject({ parent_id: null, status: 'new' })
  })

  it('can be raised: each under it stands alone, with clocks, and nothing more goes under', async () => {
    await rain(250, 0, { kind: 'health.disk.full', severity: 'medium', state: 'raised' })
    const one = await storm()
    await room.desk.children({ ticketId: one.id, version: one.version, person, act: 'raise', note: '' })
    room = await room.restart()
    await room.timers.idle()
    const raised = (await tickets()).filter(({ gathers }) => gathers === null)
    expect(raised).toHaveLength(250)
    expect(raised.filter(({ parent_id, respond_by }) => parent_id !== null || respond_by === null)).toEqual([])
    await rain(40, 300, { kind: 'health.disk.full', severity: 'medium', state: 'raised' })
    expect(await storms()).toHaveLength(1)
    expect((await tickets()).filter(({ parent_id }) => parent_id !== null)).toEqual([])
    await everyOpenTicketHasATimer()
  })

  it('can be kept: it says so, and they stay', async () => {
    await rain(40)
    const one = await storm()
    expect(await room.desk.children({ ticketId: one.id, version: one.version, person, act: 'keep', note: 'Tomorrow' })).toMatchObject({
      kind: 'done',
    })
    await room.timers.idle()
    expect((await tickets()).filter(({ parent_id }) => parent_id === one.id)).toHaveLength(40)
    const said = await room.store.db.selectFrom('timeline').select(['kind', 'actor']).where('ticket_id', '=', one.id).execute()
    expect(said).toContainEqual({ kind: 'children', actor: 'adm' })
  })

  it('of what has nothing under it there is nothing to end', async () => {
    await room.signals({ endpointId: 'ws' })
    const [one] = await tickets()
    const act = { ticketId: one?.id ?? '', version: one?.version ?? 0, person, act: 'raise' as const, note: '' }
    expect(await room.desk.children(act)).toMatchObject({ kind: 'refused' })
  })
})
