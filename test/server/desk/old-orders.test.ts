import { afterEach, beforeEach, expect, it } from 'vitest'
import { days, hours } from '#shared/domain/time.ts'
import { createAudit } from '../../../server/audit/audit.ts'
import { requestCommands } from '../../../server/command/command.ts'
import { endOld } from '../../../server/desk/old-orders.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { addBulk } from '../http/bulk-world.ts'
import { addStanding } from '../http/standing-world.ts'

const keptForMs = days(400)
const never = new AbortController().signal
let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

const about = { mark: 'acme', organisation: 'acme', endpoint: 'ws' }
const left = async (table: 'bulks' | 'bulk_targets' | 'standing_orders' | 'standing_commands' | 'policy_versions') =>
  (await room.store.db.selectFrom(table).selectAll().execute()).length
const audited = async (target: string): Promise<void> => {
  const line = { actor: 'p', action: 'bulk.ask', target, organisationId: 'acme', detail: {} }
  await room.store.db.transaction().execute((tx) => createAudit({ time: room.time }).record(tx, line))
}

it('ends orders that are over for 400 days, and none that runs, stands in the audit’s words or on a ticket', async () => {
  const { db } = room.store
  const settled = room.time.now()
  const [over, running, inAudit, onTicket] = [
    await addBulk(room.store, settled, about),
    await addBulk(room.store, settled, about),
    await addBulk(room.store, settled, about),
    await addBulk(room.store, settled, about),
  ]
  await db.updateTable('bulks').set({ status: 'done', settled_at: settled }).where('id', '!=', running).execute()
  await db.updateTable('bulks').set({ settled_at: null }).where('id', '=', running).execute()
  await audited(`bulk:${inAudit}`)
  await room.signals({ kind: 'health.disk.full', endpointId: 'ws', facts: { usedRatio: 0.99, freeBytes: 1, totalBytes: 100 } })
  const { id: ticket_id } = await db.selectFrom('tickets').select('id').executeTakeFirstOrThrow()
  const asked = { id: 'asked', verb: 'ping', requestedBy: 'p', reason: 'r', organisationId: 'acme', endpointId: 'ws', ticketId: ticket_id }
  await db.transaction().execute((tx) => requestCommands(tx, room.store.capabilities.putRows, [asked], settled))
  await db.updateTable('commands').set({ settled_at: settled, status: 'succeeded', bulk_id: onTicket }).execute()

  expect(await endOld(room.store, settled + keptForMs, never)).toBe(0)
  expect(await endOld(room.store, settled + keptForMs + 1, never)).toBe(1)
  const ids = (await db.selectFrom('bulks').select('id').execute()).map(({ id }) => id)
  expect(new Set(ids)).toEqual(new Set([running, inAudit, onTicket]))
  expect(ids).not.toContain(over)
  expect(await db.selectFrom('bulk_targets').select('bulk_id').where('bulk_id', '=', over).execute()).toEqual([])
})

it('ends a standing order with all its versions, once the last of them is over for as long', async () => {
  const id = await addStanding(room.store, room.time.now(), about)
  const { ends_at } = await room.store.db.selectFrom('standing_orders').select('ends_at').where('id', '=', id).executeTakeFirstOrThrow()
  expect(await endOld(room.store, ends_at + keptForMs, never)).toBe(0)
  expect(await endOld(room.store, ends_at + keptForMs + 1, never)).toBe(1)
  expect([await left('standing_orders'), await left('standing_commands')]).toEqual([0, 0])
})

it('ends texts of policies, never the newest and none that an organisation’s machines go by', async () => {
  const now = room.time.now()
  const texts = [1, 2, 3, 4].map((version) => ({ version, yaml: `fleet: {} # ${version}`, author: 'p', created_at: now }))
  await room.store.db.insertInto('policy_versions').values(texts).execute()
  const signed = { organisation_id: 'acme', number: 1, issued_at: now, jws: 'a.b.c', version: 2, signed_by: null }
  await room.store.db.insertInto('policies').values(signed).execute()
  expect(await endOld(room.store, now + days(400), never)).toBe(0)
  expect(await endOld(room.store, now + days(400) + hours(1), never)).toBe(2)
  const kept = await room.store.db.selectFrom('policy_versions').select('version').orderBy('version').execute()
  expect(kept).toEqual([{ version: 2 }, { version: 4 }])
})
