import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { minutes, seconds } from '#shared/domain/time.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { type Listener, startListener } from '../../support/listener.ts'
import { hire } from '../../support/staff.ts'

let room: DeskRoom
let phones: Listener
const person = { id: 'ann', name: 'ann' }

beforeEach(async () => {
  const stations = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`ws-${index + 1}`, 'workstation' as const]))
  room = await openDeskRoom({ roles: { ...stations, srv: 'server' } })
  phones = await startListener()
  await hire(room, 'ann', { teams: '["tier1","tier2","tier3","security"]', ways: [`${phones.url}ann`] })
})
afterEach(async () => {
  await room.close()
  await phones[Symbol.asyncDispose]()
})

const down = (nth: number, state: 'raised' | 'cleared' = 'raised') =>
  room.signals({ endpointId: `ws-${nth}`, kind: 'health.service.down', severity: 'high', state, summary: 'The proxy is down' })
const canary = (nth: number) =>
  room.signals({
    ...{ endpointId: `ws-${nth}`, kind: 'security.ransomware.canary', severity: 'critical', state: 'happened' },
    facts: { change: 'unreadable' },
  })
const tickets = () => room.store.db.selectFrom('tickets').selectAll().orderBy('number').execute()
const parent = () => room.store.db.selectFrom('tickets').selectAll().where('gathers', '=', 'site').executeTakeFirstOrThrow()
const under = (id: string) => room.store.db.selectFrom('tickets').selectAll().where('parent_id', '=', id).orderBy('number').execute()
const timersOf = (ticketId: string) =>
  room.store.db
    .selectFrom('timers')
    .select(['kind', 'due_at'])
    .where('ticket_id', '=', ticketId)
    .where('fired_at', 'is', null)
    .where('cancelled_at', 'is', null)
    .orderBy('kind')
    .execute()
const lines = async (ticketId: string, kind: string) => {
  const rows = await room.store.db.selectFrom('timeline').selectAll().where('ticket_id', '=', ticketId).orderBy('id').execute()
  return rows.filter((row) => row.kind === kind).map(({ body }) => JSON.parse(body) as Record<string, unknown>)
}
const rang = async (): Promise<number> => {
  await room.outbox.idle()
  return phones.posts.splice(0).length
}
const pass = async (ms: number): Promise<void> => {
  for (let left = ms; left > 0; left -= seconds(30)) {
    room.time.jump(Math.min(left, seconds(30)))
    await room.timers.idle()
    await room.pipeline.idle()
  }
}
const nothingWithoutTimer = async () => {
  for (const { id, status } of await tickets()) if (status !== 'resolved') expect(await timersOf(id)).not.toEqual([])
}

describe('the same kind on several machines of a site', () => {
  it('is one ticket from the third machine on; those under it have no clocks and are looked at again', async () => {
    await down(1)
    await down(2)
    expect((await tickets()).map(({ gathers, parent_id }) => [gathers, parent_id])).toEqual([
      [null, null],
      [null, null],
    ])
    await down(3)
    const over = await parent()
    expect(over).toMatchObject({ kind: 'health.service.down', endpoint_id: null, site_id: 'site-1', occurrences: 3, status: 'new' })
    expect(over.respond_by).not.toBeNull()
    const children = await under(over.id)
    expect(children).toHaveLength(3)
    for (const child of children) {
      expect(child).toMatchObject({ gathered_by: 'site', respond_by: null, resolve_by: null })
      expect((await timersOf(child.id)).map(({ kind }) => kind)).toEqual(['review'])
    }
    await nothingWithoutTimer()
  })

  it('becomes more pressing by itself when more machines join, and says why', async () => {
    for (const nth of [1, 2, 3]) await down(nth)
    const before = (await parent()).priority
    for (const nth of [4, 5, 6, 7, 8, 9, 10, 11]) await down(nth)
    const over = await parent()
    expect([before, over.priority]).toEqual(['P2', 'P2'])
    expect(over.occurrences).toBe(11)
    const said = await lines(over.id, 'prioritised')
    expect(JSON.stringify(said)).toContain('3 machines of 13 on the site have it: impact medium, so it is a P2.')
    expect(await room.store.db.selectFrom('tickets').select('id').where('gathers', 'is not', null).execute()).toHaveLength(1)
  })

  it('rises from P3 to P2 on the timeline when a silence spreads over a site', async () => {
    const slow = (nth: number) =>
      room.signals({ endpointId: `ws-${nth}`, kind: 'network.link.errors', severity: 'medium', state: 'raised', summary: 'Errors' })
    for (const nth of [1, 2, 3]) await slow(nth)
    const first = (await parent()).priority
    for (const nth of [4, 5, 6, 7, 8, 9, 10]) await slow(nth)
    const over = await parent()
    expect(over.priority < first).toBe(true)
    const raised = (await lines(over.id, 'prioritised')).filter((body) => 'from' in body)
    expect(raised).toMatchObject([{ from: first, priority: over.priority }])
  })

  it('not when they are further apart than the window, nor of a kind that says nothing of a site', async () => {
    await down(1)
    await down(2)
    await pass(minutes(6))
    await down(3)
    for (const nth of [1, 2, 3, 4]) await room.signals({ endpointId: `ws-${nth}`, kind: 'health.disk.full' })
    expect(await room.store.db.selectFrom('tickets').select('id').where('gathers', 'is not', null).execute()).toEqual([])
  })

  it('leaves alone what a person has taken', async () => {
    await down(1)
    const [first] = await tickets()
    await room.desk.acknowledge({ ticketId: first?.id ?? '', version: first?.version ?? 0, person })
    await down(2)
    await down(3)
    const over = await parent()
    expect((await under(over.id)).map(({ endpoint_id }) => endpoint_id)).toEqual(['ws-2', 'ws-3'])
  })

  it('closes by itself when the last under it is over', async () => {
    for (const nth of [1, 2, 3]) await down(nth)
    for (const nth of [1, 2]) await down(nth, 'cleared')
    await pass(minutes(11))
    expect(await parent()).toMatchObject({ status: 'new' })
    await down(3, 'cleared')
    await pass(minutes(12))
    expect((await tickets()).map(({ status, resolution }) => `${status} ${resolution}`)).toEqual(Array(4).fill('resolved cleared'))
  })

  it('when it ends, what is still true comes back with clocks and people are called; the rest ends with it', async () => {
    for (const nth of [1, 2, 3]) await down(nth)
    await down(1, 'cleared')
    const over = await parent()
    await room.desk.resolve({ ticketId: over.id, version: over.version, person, resolution: 'fixed', note: '' })
    await room.timers.idle()
    const [one, two, three] = await under(over.id).then(async (ended) => [
      ...ended,
      ...(await tickets()).filter(({ parent_id, gathers }) => !parent_id && !gathers),
    ])
    expect(one).toMatchObject({ endpoint_id: 'ws-1', status: 'resolved', resolution: 'fixed' })
    for (const back of [two, three]) {
      expect(back).toMatchObject({ status: 'new', parent_id: null })
      expect(back?.respond_by).not.toBeNull()
    }
    await nothingWithoutTimer()
  })

  it('goes on after a crash as if nothing had been', async () => {
    for (const nth of [1, 2]) await down(nth)
    room = await room.restart()
    await down(3)
    room = await room.restart()
    await down(4)
    expect(await parent()).toMatchObject({ occurrences: 4 })
  })
})

describe('golden case 20: eight workstations of one site in two minutes, canaries only', () => {
  it('three are isolated, one question stands for the rest, and unanswered they are isolated after three minutes', async () => {
    for (let nth = 1; nth <= 8; nth++) {
      await canary(nth)
      await pass(seconds(15))
    }
    const over = await parent()
    const isolated = async () =>
      (await room.store.db.selectFrom('commands').select(['endpoint_id', 'requested_at']).where('verb', '=', 'isolate-host').execute())
        .length
    expect(await isolated()).toBe(3)
    expect(await lines(over.id, 'containment-asked')).toMatchObject([{ otherwise: 'isolate', isForAll: true }])
    const questions = await room.store.db.selectFrom('outbox').select('ticket_id').where('event', '=', 'ticket.containment-asked').execute()
    expect(new Set(questions.map(({ ticket_id }) => ticket_id))).toEqual(new Set([over.id]))
    const asked = (await lines(over.id, 'containment-asked'))[0]?.dueAt as number
    await pass(asked - room.time.now() - 1)
    expect(await isolated()).toBe(3)
    await pass(seconds(1))
    expect(await isolated()).toBe(8)
    expect(over).toMatchObject({ priority: 'P1', team: 'security', occurrences: 8 })
  })

  it('one answer holds for all of them', async () => {
    for (let nth = 1; nth <= 8; nth++) await canary(nth)
    const over = await parent()
    expect(over).toMatchObject({ containment: 'asked' })
    const left = await room.desk.leave({ ticketId: over.id, version: over.version, person, reason: 'It is a test of ours' })
    expect(left).toMatchObject({ kind: 'done' })
    await pass(minutes(5))
    expect(await room.store.db.selectFrom('commands').select('id').where('verb', '=', 'isolate-host').execute()).toHaveLength(3)
    expect((await under(over.id)).filter(({ containment }) => containment === 'answered')).toHaveLength(5)
  })

  it('gives one that waited when it went under it clocks again, when it comes back', async () => {
    for (const nth of [1, 2, 3]) await down(nth)
    const over = await parent()
    const [child] = await under(over.id)
    const waits = { status: 'waiting' as const, touched_at: room.time.now() }
    await room.store.db
      .updateTable('tickets')
      .set(waits)
      .where('id', '=', child?.id ?? '')
      .execute()
    await room.desk.children({ ticketId: over.id, version: over.version, person, act: 'raise', note: '' })
    await room.timers.idle()
    const back = (await tickets()).find(({ id }) => id === child?.id)
    expect(back).toMatchObject({ status: 'new', parent_id: null, respond_by: expect.any(Number) })
    expect((await timersOf(child?.id ?? '')).map(({ kind }) => kind)).toContain('respond-due')
  })

  it('calls people once for all of it', async () => {
    await room.signals(
      ...Array.from({ length: 8 }, (_, index) => ({
        ...{ endpointId: `ws-${index + 1}`, kind: 'security.ransomware.canary', severity: 'critical' as const, state: 'happened' as const },
        facts: { change: 'unreadable' },
      })),
    )
    expect(await rang()).toBe(1)
  })
})
