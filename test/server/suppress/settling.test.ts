import { afterEach, beforeEach, expect, it } from 'vitest'
import { minutes } from '#shared/domain/time.ts'
import { createBoots } from '../../../server/suppress/boots.ts'
import { noteGoings } from '../../../server/suppress/settling.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom({ plan: 'round-the-clock' })
})
afterEach(() => room.close())

const goes = (goodbye: 'reboot' | 'update' | 'stop') => note({ is_connected: 0, goodbye })
const comes = () => note({ is_connected: 1, goodbye: null })
function note(what: { is_connected: 0 | 1; goodbye: 'reboot' | 'update' | 'stop' | null }): Promise<void> {
  const now = room.time.now()
  const row = { endpoint_id: 'srv', changed_at: now, last_heard_at: now, agent_version: '1', ...what }
  return room.store.db.transaction().execute((tx) => noteGoings(tx, room.store.capabilities.putRows, [row], now))
}
const passes = async (ms: number): Promise<void> => {
  await room.time.advance(ms)
  await room.timers.idle()
  await room.pipeline.idle()
}
const kinds = async () => (await room.store.db.selectFrom('tickets').select('kind').orderBy('number').execute()).map(({ kind }) => kind)
const down = { endpointId: 'srv', kind: 'health.service.down', severity: 'high', fingerprint: 'service:nginx' } as const
const busy = { endpointId: 'srv', kind: 'health.cpu.busy', severity: 'medium' } as const
const persistence = { endpointId: 'srv', kind: 'security.persistence.new', severity: 'low', state: 'happened' } as const

it('from a reboot that was announced until 20 minutes after it, services and load wait; what is still true then opens', async () => {
  await goes('reboot')
  await passes(minutes(5))
  await comes()
  await passes(minutes(3))
  await room.signals(down, busy, { endpointId: 'srv', kind: 'health.disk.full', severity: 'high' })
  expect(await kinds()).toEqual(['health.disk.full'])
  await room.signals({ ...busy, state: 'cleared' })
  room = await room.restart()
  await passes(minutes(16))
  expect(await kinds()).toEqual(['health.disk.full'])
  await passes(minutes(1))
  expect(await kinds()).toEqual(['health.disk.full', 'health.service.down'])
})

it('a machine that does not come back from it waits 20 minutes and no longer', async () => {
  await goes('reboot')
  await passes(minutes(20))
  await room.signals({ endpointId: 'srv', kind: 'presence.silent', severity: 'high' })
  expect(await kinds()).toEqual(['presence.silent'])
})

it('whoever stops an agent announces nothing', async () => {
  await goes('stop')
  await comes()
  await room.signals(down)
  expect(await kinds()).toEqual(['health.service.down'])
})

it('while a machine says that it is being updated, and for 20 minutes, new services of packages wait; attacks do not', async () => {
  const update = { endpointId: 'srv', kind: 'health.update.running', severity: 'info', fingerprint: 'update' } as const
  await room.signals(update)
  await room.signals(persistence, down, { endpointId: 'srv', kind: 'security.persistence.dangerous', severity: 'high', state: 'happened' })
  expect(await kinds()).toEqual(['security.persistence.dangerous'])
  expect(await room.store.db.selectFrom('digest_lines').selectAll().execute()).toEqual([])
  await passes(minutes(60))
  await room.signals({ ...update, state: 'cleared' })
  await passes(minutes(19))
  expect(await kinds()).toEqual(['security.persistence.dangerous'])
  await passes(minutes(1))
  expect(await kinds()).toEqual(['security.persistence.dangerous', 'health.service.down'])
})

it('a start that nobody announced is seen by the uptime of its samples, once', async () => {
  const { putRows } = room.store.capabilities
  const note = createBoots({ time: room.time, putRows })
  const samples = (uptimeSeconds: number) => ({
    from: { endpointId: 'srv', organisationId: 'acme', siteId: null, clockBehindMs: 3_600_000 },
    columns: { at: [room.time.now() - 3_600_000], disks: [], networks: [], columns: [0, 0, 0, 0, 1, 1, 0, 0, uptimeSeconds] },
  })
  const take = (uptimeSeconds: number) => room.store.db.transaction().execute((tx) => note(tx, [samples(uptimeSeconds)]))
  await take(86_400)
  expect(await room.store.db.selectFrom('settlings').selectAll().execute()).toEqual([])
  await take(300)
  await room.signals(down)
  expect(await kinds()).toEqual([])
  await passes(minutes(14))
  expect(await kinds()).toEqual([])
  await passes(minutes(1))
  expect(await kinds()).toEqual(['health.service.down'])
})
