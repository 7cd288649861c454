import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hours } from '#shared/domain/time.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

let room: DeskRoom
const person = { id: 'ann', name: 'Ann' }

beforeEach(async () => {
  room = await openDeskRoom()
  await room.store.db.updateTable('endpoints').set({ is_new: 1 }).execute()
})
afterEach(() => room.close())

const tickets = () => room.store.db.selectFrom('tickets').selectAll().orderBy('number').execute()
const lines = () => room.store.db.selectFrom('found_lines').selectAll().orderBy('at').orderBy('id').execute()
const first = async () => {
  const [ticket] = await tickets()
  return { ticketId: ticket?.id ?? '', version: ticket?.version ?? 0, person }
}

describe('what a new machine comes with', () => {
  it('is one P4 of its organisation, a line each, however many machines and rounds', async () => {
    await room.signals({ endpointId: 'ws' }, { endpointId: 'srv' }, { endpointId: 'srv', kind: 'health.backup.late' })
    await room.signals({ endpointId: 'core', kind: 'health.disk.failing', severity: 'high' })
    expect(await tickets()).toMatchObject([{ kind: 'desk.as-found', priority: 'P4', endpoint_id: null, status: 'new', occurrences: 4 }])
    expect((await lines()).map(({ endpoint_id, kind }) => `${endpoint_id} ${kind}`)).toEqual([
      'ws health.disk.full',
      'srv health.disk.full',
      'srv health.backup.late',
      'core health.disk.failing',
    ])
    const due = await room.store.db.selectFrom('timers').select('id').where('fired_at', 'is', null).execute()
    expect(due.length).toBeGreaterThan(0)
  })

  it('is one line, though it comes and goes', async () => {
    await room.signals({ endpointId: 'srv' })
    await room.signals({ endpointId: 'srv', state: 'cleared' })
    await room.signals({ endpointId: 'srv' })
    expect(await lines()).toHaveLength(1)
  })

  it('never holds what may be an attack', async () => {
    await room.signals({
      ...({ kind: 'security.ransomware.canary', severity: 'critical', state: 'happened' } as const),
      facts: { change: 'edited' },
    })
    await room.signals({ kind: 'security.persistence.dangerous', severity: 'high', state: 'happened', fingerprint: 'two' })
    await room.signals({ kind: 'security.ransomware.canary', severity: 'medium', state: 'happened', fingerprint: 'three' })
    expect((await tickets()).map(({ kind }) => kind)).toEqual([
      'security.ransomware.canary',
      'security.persistence.dangerous',
      'desk.as-found',
    ])
  })

  it('ends a day after it came; a machine that was here before has none of it', async () => {
    room.time.jump(hours(24))
    await room.signals({ endpointId: 'srv' })
    await room.store.db.updateTable('endpoints').set({ is_new: 0, enrolled_at: room.time.now() }).execute()
    await room.signals({ endpointId: 'ws' })
    expect((await tickets()).map(({ kind }) => kind)).toEqual(['health.disk.full', 'health.disk.full'])
  })
})

describe('its lines', () => {
  it('are accepted, or become tickets as if they were said now; each once', async () => {
    await room.signals({ endpointId: 'ws' }, { endpointId: 'srv' }, { endpointId: 'core' })
    const [ws, srv, core] = (await lines()).map(({ id }) => id)
    const decided = await room.desk.decideFound({ ...(await first()), lines: [ws ?? ''], decision: 'accept' })
    expect(decided.kind).toBe('done')
    await room.desk.decideFound({ ...(await first()), lines: [ws ?? '', srv ?? '', core ?? ''], decision: 'open' })
    expect((await tickets()).slice(1)).toMatchObject([
      { endpoint_id: 'srv', kind: 'health.disk.full', priority: 'P3', number: 2, status: 'new' },
      { endpoint_id: 'core', kind: 'health.disk.full', number: 3 },
    ])
    expect((await lines()).map(({ decision }) => decision)).toEqual(['accepted', 'opened', 'opened'])
    expect(await room.desk.decideFound({ ...(await first()), lines: [srv ?? ''], decision: 'open' })).toMatchObject({ kind: 'refused' })
    const signals = await room.store.db
      .selectFrom('signals')
      .select(['endpoint_id', 'ticket_id'])
      .where('endpoint_id', '=', 'srv')
      .execute()
    expect(signals[0]?.ticket_id).toBe((await tickets())[1]?.id)
  })

  it('of another ticket are nobody’s to decide here', async () => {
    await room.signals({ endpointId: 'ws' })
    const [line] = await lines()
    await room.store.db.updateTable('found_lines').set({ ticket_id: 'another' }).execute()
    expect(await room.desk.decideFound({ ...(await first()), lines: [line?.id ?? ''], decision: 'accept' })).toMatchObject({
      kind: 'refused',
    })
  })
})
