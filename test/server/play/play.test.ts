import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keepResults } from '../../../server/command/command.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

let room: DeskRoom
const person = { id: 'ann', name: 'Ann' }

beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

const tickets = () => room.store.db.selectFrom('tickets').selectAll().orderBy('number').execute()
const act = async (nth = 0) => {
  const ticket = (await tickets())[nth]
  return { ticketId: ticket?.id ?? '', version: ticket?.version ?? 0, person }
}
/** The machine says that it did what it was asked last, with the proof. */
async function answered(verb: string): Promise<void> {
  const { db } = room.store
  const { id, endpoint_id } = await db
    .selectFrom('commands')
    .selectAll()
    .where('verb', '=', verb)
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow()
  const now = room.time.now()
  const actual = verb === 'isolate-host' ? ('isolated' as const) : ('open' as const)
  const isolation = { actual, readiness: { isReady: true as const }, since: 1, proof: { collectorAnswered: true } }
  const said = {
    v: 1 as const,
    type: 'result' as const,
    commandId: id,
    verb,
    outcome: 'succeeded' as const,
    startedAt: now,
    finishedAt: now,
  }
  await db
    .transaction()
    .execute((tx) => keepResults(tx, [{ endpointId: endpoint_id, result: { ...said, detail: 'as asked', isolation } }], now))
  await room.pipeline.idle()
}
const releases = () => room.store.db.selectFrom('commands').select('id').where('verb', '=', 'release-host').execute()
const isolate = async (): Promise<void> => {
  await room.signals({
    ...({ endpointId: 'ws', kind: 'security.ransomware.canary', severity: 'critical', state: 'happened' } as const),
    facts: { change: 'unreadable' },
  })
  await answered('isolate-host')
}

describe('a machine that was cut off', () => {
  it('has a task of tier3 to restore it, linked to its ticket, once', async () => {
    await isolate()
    const [ticket, task, ...others] = await tickets()
    expect(others).toEqual([])
    expect(task).toMatchObject({ follows_id: ticket?.id, task: 'restore', tier: 'tier3', priority: 'P2', endpoint_id: 'ws', status: 'new' })
    expect(task?.title).toBe('Restore ws-host from the last verified backup (for #1)')
    expect(task?.resolve_by).not.toBeNull()
    const said = await room.store.db
      .selectFrom('timeline')
      .select('body')
      .where('ticket_id', '=', task?.id ?? '')
      .execute()
    expect(said.some(({ body }) => body.includes('older than the first encrypted file'))).toBe(true)
    const restarted = await room.restart()
    room = restarted
    await room.pipeline.idle()
    expect(await tickets()).toHaveLength(2)
  })

  it('is not released before that is done, by whatever door', async () => {
    await isolate()
    const reason = 'It is clean'
    expect(await room.desk.release({ ...(await act()), reason })).toMatchObject({ kind: 'refused', reason: expect.stringContaining('#2') })
    expect(await room.desk.releaseEndpoint({ endpointId: 'ws', person, reason })).toMatchObject({ kind: 'refused' })
    await room.desk.resolve({ ...(await act(1)), resolution: 'fixed', note: 'Restored from last night.' })
    expect(await room.desk.release({ ...(await act()), reason })).toMatchObject({ kind: 'done' })
  })

  it('comes back by somebody’s word, which stands on the task', async () => {
    await isolate()
    const released = await room.desk.release({ ...(await act()), reason: 'Needed', withoutRestore: 'Nothing was encrypted.' })
    expect(released).toMatchObject({ kind: 'done' })
    expect((await tickets())[1]).toMatchObject({ status: 'resolved', resolution: 'wont-fix' })
    const ended = await room.store.db.selectFrom('timeline').select(['actor', 'body']).where('kind', '=', 'resolved').execute()
    expect(ended).toMatchObject([{ actor: 'ann', body: expect.stringContaining('Nothing was encrypted.') }])
    await room.dispatcher.idle()
    expect(room.sent.map(({ order }) => order.verb)).toContain('release-host')
  })

  it.each([
    ['the provider’s first', ['provider', 'customer']],
    ['the customer’s first', ['customer', 'provider']],
  ] as const)('comes back unrestored by two words, in whichever order: %s', async (_order, sides) => {
    await isolate()
    const more = { provider: { withoutRestore: 'Nothing was encrypted.' }, customer: {} }
    for (const [nth, side] of sides.entries()) {
      expect(await room.desk.release({ ...(await act()), side, reason: 'It is clean', ...more[side] })).toMatchObject({ kind: 'done' })
      expect(await releases()).toHaveLength(nth)
    }
    expect((await tickets())[1]).toMatchObject({ status: 'resolved', resolution: 'wont-fix' })
  })

  it('keeps both words while it is not restored, so that one press is enough afterwards', async () => {
    await isolate()
    const reason = 'It is clean'
    expect(await room.desk.release({ ...(await act()), side: 'customer', reason })).toMatchObject({ kind: 'done' })
    expect(await room.desk.release({ ...(await act()), side: 'provider', reason })).toMatchObject({ kind: 'refused' })
    const words = await room.store.db.selectFrom('release_consents').select('side').orderBy('side').execute()
    expect(words).toEqual([{ side: 'customer' }, { side: 'provider' }])
    await room.desk.resolve({ ...(await act(1)), resolution: 'fixed', note: 'Restored from last night.' })
    expect(await room.desk.release({ ...(await act()), side: 'customer', reason })).toMatchObject({ kind: 'done' })
    expect(await releases()).toHaveLength(1)
  })

  it('needs no restoring after a false alarm, said at the release or of the ticket', async () => {
    await isolate()
    expect(await room.desk.release({ ...(await act()), reason: 'A test', isFalseAlarm: true })).toMatchObject({ kind: 'done' })
    expect((await tickets())[1]).toMatchObject({ status: 'resolved', resolution: 'false-alarm' })
    await answered('release-host')
    await room.desk.resolve({ ...(await act()), resolution: 'fixed', note: '' })
    await room.signals({
      ...({ endpointId: 'ws', kind: 'security.ransomware.encryption', severity: 'critical', state: 'happened' } as const),
      fingerprint: 'another',
    })
    await answered('isolate-host')
    await room.desk.resolve({ ...(await act(2)), resolution: 'false-alarm', note: '' })
    expect((await tickets())[3]).toMatchObject({ task: 'restore', status: 'resolved', resolution: 'false-alarm' })
  })
})

describe('a cause in the network', () => {
  it('sends somebody, with site, place and part', async () => {
    await room.signals({ endpointId: 'srv', kind: 'health.service.down', severity: 'high' })
    const cause = { cause: 'network', place: 'Cellar, rack 2', part: 'A 24-port switch', note: 'Port 7 drops frames.' } as const
    expect(await room.desk.nameCause({ ...(await act()), ...cause, part: ' ' })).toMatchObject({ kind: 'refused' })
    await room.desk.nameCause({ ...(await act()), ...cause })
    const [ticket, order] = await tickets()
    expect(order).toMatchObject({ follows_id: ticket?.id, task: 'visit', tier: 'field', site_id: 'site-1', endpoint_id: 'srv' })
    expect(order?.title).toBe('Work order: A 24-port switch, Cellar, rack 2, acme, Berlin (for #1)')
    expect(ticket?.status).toBe('new')
    await room.desk.nameCause({ ...(await act()), ...cause })
    expect(await tickets()).toHaveLength(2)
  })

  it('of another kind sends nobody', async () => {
    await room.signals({ endpointId: 'srv' })
    await room.desk.nameCause({ ...(await act()), cause: 'software', note: '' })
    expect(await tickets()).toHaveLength(1)
  })
})
