import { afterEach, beforeEach, expect, it } from 'vitest'
import { type DeskRoom, openDeskRoom, type PlacedSignal } from '../../support/desk-room.ts'

/* What the collector orders by itself against an attack stands signed in the commit of its decision, and goes out from there. */

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

const canary = (endpointId: string): Partial<PlacedSignal> => ({
  ...({ endpointId, kind: 'security.ransomware.canary', severity: 'critical', state: 'happened' } as const),
  ...{ fingerprint: `canary-${endpointId}`, facts: { change: 'unreadable', pid: 4711, startTicks: 99 } },
})
const commands = () => room.store.db.selectFrom('commands').select(['verb', 'status', 'sent_at', 'jws']).orderBy('verb').execute()
const steps = async () => {
  const rows = room.store.db.selectFrom('audit_due').select(['verb', 'status']).where('verb', '=', 'isolate-host').orderBy('number')
  return (await rows.execute()).map(({ status }) => status)
}

it('is on its way as soon as the decision is kept, first what cuts the machine off, each step in the audit', async () => {
  await room.signals(canary('ws'))
  expect(room.sent.map(({ order }) => order.verb)).toEqual(['isolate-host', 'suspend-process'])
  expect(await commands()).toMatchObject([
    { verb: 'isolate-host', status: 'sent' },
    { verb: 'suspend-process', status: 'sent' },
  ])
  expect(await steps()).toEqual(['requested', 'queued', 'sent'])
})

it('is no order whose signature was never kept: the commit that fails takes it along', async () => {
  await room.store.db.schema.alterTable('timeline').renameTo('elsewhere').execute()
  await room.signals(canary('ws')).catch(() => undefined)
  expect(room.sent).toEqual([])
  await room.store.db.schema.alterTable('elsewhere').renameTo('timeline').execute()
  expect(await commands()).toEqual([])
})

it('waits signed for a machine that is away, and goes out once when it comes, also over a crash', async () => {
  room.isConnected = false
  await room.signals(canary('ws'))
  expect(await commands()).toMatchObject([{ status: 'queued', jws: expect.any(String) }, { status: 'queued' }])
  expect(room.sent).toEqual([])
  const [{ jws: signed } = { jws: '' }] = await commands()
  room = await room.restart()
  room.isConnected = true
  await room.dispatcher.connected('ws')
  expect(room.sent.map(({ order }) => order.verb).sort()).toEqual(['isolate-host', 'suspend-process'])
  expect((await commands())[0]?.jws).toBe(signed)
})

it('is signed by the collector where operators are named, too: cutting a workstation off only protects', async () => {
  room.register = { v: 1, number: 1, operators: [] } as unknown as NonNullable<DeskRoom['register']>
  await room.signals(canary('ws'), canary('core'))
  expect((await commands()).filter(({ verb }) => verb === 'isolate-host')).toMatchObject([{ status: 'sent' }])
})
