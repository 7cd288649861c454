import { afterEach, beforeEach, expect, it } from 'vitest'
import { hours, minutes } from '#shared/domain/time.ts'
import { createMaintenance } from '../../../server/due/maintenance.ts'
import { type DeskRoom, openDeskRoom, type PlacedSignal, putSignals } from '../../support/desk-room.ts'

/* What has no agent hands signals in: another tool, a webhook. Its limits are five times those of a machine. */

let room: DeskRoom

beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

const said = (from: number, count: number, more: Partial<PlacedSignal> = {}): Partial<PlacedSignal>[] =>
  Array.from({ length: count }, (_, index) => ({
    ...{ sourceId: 'monitor', kind: 'health.disk.full', fingerprint: `host-${from + index}`, severity: 'medium' as const },
    ...more,
  }))
const tickets = () => room.store.db.selectFrom('tickets').selectAll().orderBy('number').execute()
const settle = async () => {
  for (let turn = 0; turn < 2; turn++) {
    await room.timers.idle()
    await room.pipeline.idle()
  }
}

it('a source of ten thousand troubles makes one ticket over those it had, over a restart; other sources open their own', async () => {
  await room.signals(...said(0, 25))
  room.time.jump(minutes(2))
  await room.signals(...said(25, 75))
  expect((await tickets()).filter(({ gathers }) => gathers !== null)).toEqual([])
  await room.signals(...said(100, 4_900))
  room = await room.restart()
  await room.signals(...said(5_000, 5_000), ...said(0, 1, { sourceId: 'other-tool' }))
  const all = await tickets()
  const [one, ...others] = all.filter(({ gathers }) => gathers === 'endpoint')
  expect(others).toEqual([])
  expect(one).toMatchObject({ kind: 'health.source.noisy', rule: 'noisy-endpoint', source_id: 'monitor', endpoint_id: null, status: 'new' })
  expect(all.filter(({ source_id }) => source_id === 'monitor')).toHaveLength(101)
  expect(all.filter(({ parent_id }) => parent_id === one?.id)).toHaveLength(100)
  expect(all.filter(({ source_id }) => source_id === 'other-tool')).toMatchObject([{ parent_id: null }])
}, 60_000)

it('a quarter as many will do with 250 signals within a minute', async () => {
  await room.signals(...said(0, 25))
  for (let round = 0; round < 9; round++) await room.signals(...said(0, 25))
  await room.signals(...said(25, 1))
  expect((await tickets()).filter(({ gathers }) => gathers === 'endpoint')).toMatchObject([{ source_id: 'monitor' }])
})

it('security of a source goes under no ticket for noise, and joins what the same route brought from the hundredth on', async () => {
  const kind = 'security.other-tool'
  await room.signals(...said(0, 300, { kind, severity: 'high', state: 'happened' }))
  const all = await tickets()
  expect(all).toHaveLength(100)
  expect(all.filter(({ parent_id, team }) => parent_id !== null || team !== 'security')).toEqual([])
  expect(all.reduce((sum, { occurrences }) => sum + occurrences, 0)).toBe(300)
})

it('what is still true of a source comes back when a person ends its one ticket, not what it has cleared since', async () => {
  await room.signals(...said(0, 104))
  const one = (await tickets()).find(({ gathers }) => gathers === 'endpoint')
  // Committed, and handled by nobody when the ticket ends.
  await putSignals(room.store, said(102, 1, { state: 'cleared' }), room.time.now())
  await room.desk.resolve({
    ...{ ticketId: one?.id ?? '', version: one?.version ?? 0, person: { id: 'p', name: 'P' }, resolution: 'fixed', note: 'looked' },
  })
  await settle()
  const held = await room.store.db.selectFrom('suppressed_signals').select(['trouble', 'ended_as', 'by_id']).orderBy('signal_id').execute()
  expect(held.filter(({ ended_as }) => ended_as === 'cleared').map(({ trouble }) => trouble)).toEqual(['acme/monitor host-102'])
})

it('what a source said in a window and has cleared since opens nothing at its end, though that waits to be handled', async () => {
  const about = { organisationId: 'acme', scope: 'organisation' as const, value: 'acme', name: 'Patch night', createdBy: 'p' }
  const once = { repeats: { kind: 'once' as const, opensAt: room.time.now() }, durationMs: hours(1), timeZone: 'Europe/Berlin' }
  const id = await createMaintenance(room).plan({ ...about, ...once })
  await settle()
  await room.signals(...said(0, 2))
  expect(await tickets()).toEqual([])
  await putSignals(room.store, said(1, 1, { state: 'cleared' }), room.time.now())
  await createMaintenance(room).end(id ?? '')
  room.time.jump(1_000)
  await room.timers.idle()
  await room.pipeline.idle()
  expect((await tickets()).map(({ fingerprint }) => fingerprint)).toEqual(['host-0'])
})
