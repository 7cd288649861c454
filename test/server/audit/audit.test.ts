import { expect, it } from 'vitest'
import { createAudit } from '../../../server/audit/audit.ts'
import { payloadHashOf } from '../../../server/audit/chain.ts'
import { verifyAudit } from '../../../server/audit/verify.ts'
import { requestCommands } from '../../../server/command/command.ts'
import { openPeople } from '../people/open-people.ts'

const entry = { actor: 'system', action: 'thing.change', target: 'thing:1', organisationId: null, detail: { why: 'a test' } }

it('an entry stands or falls with the transaction that it tells of', async () => {
  await using opened = await openPeople()
  const { store, time } = opened
  const audit = createAudit({ time })
  const failing = store.db.transaction().execute(async (tx) => {
    await audit.record(tx, entry)
    throw new Error('the change failed')
  })
  await expect(failing).rejects.toThrow('the change failed')
  await audit.record(store.db, entry)
  const lines = await store.db.selectFrom('audit').innerJoin('audit_payloads', 'audit_id', 'audit.id').selectAll().execute()
  expect(lines).toMatchObject([
    {
      number: 1,
      at: time.now(),
      actor: 'system',
      action: 'thing.change',
      target: 'thing:1',
      organisation_id: null,
      detail: '{"why":"a test"}',
    },
  ])
  expect(payloadHashOf(lines[0]?.salt ?? '', '{"why":"a test"}')).toBe(lines[0]?.payload_hash)
})

it('many who act at one moment leave one chain', async () => {
  await using opened = await openPeople()
  const { store, time } = opened
  const audit = createAudit({ time })
  await Promise.all(Array.from({ length: 40 }, (_, nth) => audit.record(store.db, { ...entry, target: `thing:${nth}` })))
  const { faults, lines, head } = await verifyAudit(store.db, [])
  expect([faults, lines, head.number]).toEqual([[], 40, 40])
})

it('the database itself refuses to change or remove a line', async () => {
  await using opened = await openPeople()
  const { store, time } = opened
  await createAudit({ time }).record(store.db, entry)
  await expect(store.db.updateTable('audit').set({ actor: 'somebody' }).execute()).rejects.toThrow('only appended to')
  await expect(store.db.deleteFrom('audit').execute()).rejects.toThrow('only appended to')
  await expect(store.db.updateTable('audit_payloads').set({ detail: '{}' }).execute()).rejects.toThrow('never changed')
})

it('each step of a command is a line, whoever changes the command, and falls with the step', async () => {
  await using opened = await openPeople()
  const { store, time } = opened
  const audit = createAudit({ time })
  const wanted = { id: 'command-1', verb: 'ping', reason: 'is it there?', requestedBy: 'ada' }
  const about = { organisationId: 'o', endpointId: 'e', ticketId: null }
  const ask = (id: string) =>
    store.db.transaction().execute((tx) => requestCommands(tx, store.capabilities.putRows, [{ ...wanted, ...about, id }], time.now()))
  await ask('command-1')
  const undone = store.db.transaction().execute(async (tx) => {
    await tx.updateTable('commands').set({ status: 'queued' }).execute()
    throw new Error('undone')
  })
  await expect(undone).rejects.toThrow('undone')
  const set = (change: object) => store.db.updateTable('commands').set(change).where('id', '=', 'command-1').execute()
  const signatures = JSON.stringify([{ operator: 'Ada', kid: 'k', at: 1, jws: 'j' }])
  await set({ status: 'unsigned', payload: '{}', signatures: '[]' })
  await set({ status: 'queued', signatures, jws: 'j' })
  await set({ status: 'sent', sent_at: 5 })
  await set({ status: 'delivered', delivered_at: 6 })
  await set({ status: 'running', running_at: 6 })
  await set({ status: 'succeeded', settled_at: 7, result: '{"outcome":"succeeded","detail":"it is here"}' })
  await audit.settle(store.db)
  const lines = await store.db
    .selectFrom('audit')
    .innerJoin('audit_payloads', 'audit_id', 'audit.id')
    .selectAll()
    .orderBy('number')
    .execute()
  expect(lines.map(({ action, actor }) => `${action} by ${actor}`)).toEqual([
    'order.requested by ada',
    'order.unsigned by system',
    'order.signed by operator:Ada',
    'order.sent by system',
    'order.delivered by endpoint:e',
    'order.running by endpoint:e',
    'order.succeeded by endpoint:e',
  ])
  expect(lines.slice(3).map(({ at }) => at)).toEqual([5, 6, 6, 7])
  expect(JSON.parse(lines.at(-1)?.detail ?? '')).toMatchObject({ verb: 'ping', outcome: 'succeeded', said: 'it is here' })
  expect((await verifyAudit(store.db, [])).faults).toEqual([])
})
