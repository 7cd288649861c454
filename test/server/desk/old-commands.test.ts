import { afterEach, beforeEach, expect, it } from 'vitest'
import { days } from '#shared/domain/time.ts'
import { createAudit } from '../../../server/audit/audit.ts'
import { verifyAudit } from '../../../server/audit/verify.ts'
import { requestCommands } from '../../../server/command/command.ts'
import { endOld } from '../../../server/desk/old-orders.ts'
import { contentsOf } from '../../../server/dossier/contents.ts'
import { changeOrganisation } from '../../../server/people/organisations.ts'
import type { CommandsTable } from '../../../server/store/tables/command.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { addBulk } from '../http/bulk-world.ts'
import { addStanding } from '../http/standing-world.ts'

/* What was asked of machines ends as all else does, and takes nothing with it that somebody may still ask for. */
const keptForMs = days(400)
const never = new AbortController().signal
let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom({ roles: { ws: 'server', other: 'server' } })
})
afterEach(() => room.close())

async function settled(id: string, more: Partial<CommandsTable> = {}, endpointId = 'ws'): Promise<string> {
  const { store, time } = room
  const asked = { id, verb: 'ping', requestedBy: 'p', reason: 'r', organisationId: 'acme', endpointId, ticketId: null }
  await store.db.transaction().execute((tx) => requestCommands(tx, store.capabilities.putRows, [asked], time.now()))
  const over = { status: 'succeeded', settled_at: time.now(), ...more } as const
  await store.db.updateTable('commands').set(over).where('id', '=', id).execute()
  return id
}
const left = async () => (await room.store.db.selectFrom('commands').select('id').orderBy('id').execute()).map(({ id }) => id)
const audit = () => createAudit({ time: room.time })
/** As it is erased by then. */
const forgetWords = async (): Promise<void> => {
  await audit().settle(room.store.db)
  await audit().erase(room.store.db, room.time.now() + 1)
}

it('ends what is over for 400 days, and leaves the chain of the audit whole', async () => {
  const { store, time } = room
  const now = time.now()
  await settled('over')
  await settled('running', { status: 'running', settled_at: null })
  await settled('younger', { settled_at: now + 2 })
  const result = { id: 'result', endpoint_id: 'ws', command_id: 'over', body: '{}', received_at: now }
  await store.db
    .insertInto('command_results')
    .values([
      { ...result, handled_at: now },
      { ...result, id: 'unhandled', handled_at: null },
    ])
    .execute()
  await audit().settle(store.db)
  const before = await verifyAudit(store.db, [])
  await forgetWords()

  expect(await endOld(store, now + keptForMs, never)).toBe(0)
  expect(await endOld(store, now + keptForMs + 1, never)).toBe(2)
  expect(await left()).toEqual(['running', 'younger'])
  expect(await store.db.selectFrom('command_results').select('id').execute()).toEqual([{ id: 'unhandled' }])
  const { faults, lines } = await verifyAudit(store.db, [before.head])
  expect([faults, lines > before.lines]).toEqual([[], true])
})

it('keeps what the audit still says in words', async () => {
  const { store, time } = room
  await settled('said')
  await audit().settle(store.db)
  expect(await endOld(store, time.now() + keptForMs + 1, never)).toBe(0)
  await forgetWords()
  expect(await endOld(store, time.now() + keptForMs + 1, never)).toBe(1)
})

it('keeps what a ticket tells of, and its dossier has it', async () => {
  const { store, time } = room
  await room.signals({ kind: 'health.disk.full', endpointId: 'ws', facts: { usedRatio: 0.99, freeBytes: 1, totalBytes: 100 } })
  const ticket = await store.db.selectFrom('tickets').selectAll().executeTakeFirstOrThrow()
  await settled('told', { ticket_id: ticket.id })
  await forgetWords()
  expect(await endOld(store, time.now() + keptForMs + 1, never)).toBe(0)
  const files = await contentsOf(store.db, ticket, '')
  expect(files.find(({ name }) => name === 'commands.jsonl')?.content.toString()).toContain('"told"')
})

it('keeps the parts of an order as long as the order, and what a standing order brought and did', async () => {
  const { store, time } = room
  const now = time.now()
  const about = { mark: 'acme', organisation: 'acme', endpoint: 'ws' }
  const bulk = await addBulk(store, now, about)
  await store.db
    .updateTable('bulks')
    .set({ status: 'done', settled_at: now + 5 })
    .execute()
  await settled('part', { bulk_id: bulk })
  const standing = await addStanding(store, now, about)
  await settled('brought')
  await settled('pause')
  const link = { number: 1, endpoint_id: 'ws', run: null, about: null }
  await store.db
    .insertInto('standing_commands')
    .values([
      { ...link, command_id: 'brought', order_id: standing },
      { ...link, command_id: 'pause', order_id: 'pause' },
    ])
    .execute()
  await forgetWords()
  expect(await endOld(store, now + keptForMs + 5, never)).toBe(1)
  expect(await left()).toEqual(['brought', 'part'])
  expect(await endOld(store, now + keptForMs + 6, never)).toBe(2)
  expect(await left()).toEqual(['brought'])
  const { ends_at } = await store.db.selectFrom('standing_orders').select('ends_at').executeTakeFirstOrThrow()
  expect(await endOld(store, ends_at + keptForMs + 1, never)).toBe(2)
  expect([await left(), await store.db.selectFrom('standing_commands').selectAll().execute()]).toEqual([[], []])
})

it('keeps all of a machine that is cut off', async () => {
  const { store, time } = room
  await settled('cut', { verb: 'isolate-host' })
  await settled('elsewhere', {}, 'other')
  const cutOff = { desired: 'isolated', desired_at: 1, desired_by: 'p', actual: 'open', actual_at: 1, is_ready: 1, detail: '' } as const
  await store.db
    .insertInto('isolations')
    .values({ endpoint_id: 'ws', ...cutOff, proof: null })
    .onConflict((conflict) => conflict.column('endpoint_id').doUpdateSet({ desired: 'isolated' }))
    .execute()
  await forgetWords()
  expect(await endOld(store, time.now() + keptForMs + 1, never)).toBe(1)
  expect(await left()).toEqual(['cut'])
})

it('ends them sooner or later where their organisation keeps what is over for other days', async () => {
  const { store, time } = room
  await settled('short', { organisation_id: 'other' })
  await settled('usual')
  await changeOrganisation(store.db, 'other', { keptDays: 30 }, time.now())
  await forgetWords()
  await audit().erase(store.db, time.now() + 1, 30)
  expect(await endOld(store, time.now() + days(31), never)).toBe(1)
  expect(await left()).toEqual(['usual'])
})
