import { afterEach, beforeEach, expect, it } from 'vitest'
import { hours } from '#shared/domain/time.ts'
import { createStop } from '../../../server/desk/stop.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

const encrypted = (endpointId: string) =>
  room.signals({ endpointId, kind: 'security.ransomware.canary', severity: 'critical', state: 'happened', facts: { change: 'unreadable' } })
const isolated = () => room.sent.map(({ endpointId }) => endpointId)

it('the stop button keeps every machine from being cut off without a person for four hours, and then says so', async () => {
  await room.receivers.create({ name: 'desk', notifier: 'webhook', url: 'http://127.0.0.1:1', organisationId: null })
  await encrypted('srv')
  await createStop(room).press('acme', { id: 'ada', name: 'Ada' })
  await encrypted('ws')
  room.time.jump(hours(1))
  await room.timers.idle()
  expect(isolated()).toEqual([])
  const asked = await room.store.db.selectFrom('timeline').select('body').where('kind', '=', 'containment-asked').execute()
  expect(asked.map(({ body }) => (JSON.parse(body) as { why?: string }).why)).toContain('somebody stopped isolating by itself')
  room.time.jump(hours(3))
  await room.timers.idle()
  const events = await room.store.db.selectFrom('outbox').select('event').execute()
  expect(events.map(({ event }) => event)).toEqual(expect.arrayContaining(['containment.stopped', 'containment.resumed']))
  await room.store.db.deleteFrom('tickets').execute()
  await encrypted('ws')
  expect(isolated()).toEqual(['ws'])
})
