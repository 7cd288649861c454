import { sql } from 'kysely'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { days } from '#shared/domain/time.ts'
import { createAudit } from '../../../server/audit/audit.ts'
import { beginning, type Head, linkOf, payloadHashOf, readHead } from '../../../server/audit/chain.ts'
import { verifyAudit } from '../../../server/audit/verify.ts'
import { told } from '../../../server/cli/audit.ts'
import { requestCommands } from '../../../server/command/command.ts'
import { suiteDatabase } from '../../support/database.ts'
import { type OpenPeople, openPeople } from '../people/open-people.ts'

/** Whoever runs the database can take its triggers away; what is left is the arithmetic. */

let opened: OpenPeople
let heads: Head[]
const audit = () => createAudit({ time: opened.time })
beforeEach(async () => {
  await opened?.[Symbol.asyncDispose]()
  opened = await openPeople()
  heads = []
  for (let nth = 1; nth <= 8; nth += 1) {
    const target = `ticket:${nth}`
    await audit().record(opened.store.db, { actor: 'ada', action: 'ticket.resolve', target, organisationId: null, detail: { nth } })
    heads.push(await audit().settle(opened.store.db))
    opened.time.advance(days(1))
  }
  await disarm()
})
afterAll(() => opened?.[Symbol.asyncDispose]())

async function disarm(): Promise<void> {
  const { db } = opened.store
  const isSqlite = suiteDatabase() === 'sqlite'
  const triggers = isSqlite
    ? ['drop trigger audit_no_update', 'drop trigger audit_no_delete', 'drop trigger audit_payloads_no_update']
    : ['alter table audit disable trigger all', 'alter table audit_payloads disable trigger all']
  for (const each of triggers) await sql.raw(each).execute(db)
}

const faultsOf = async (...kept: (Head | undefined)[]): Promise<string[]> =>
  (
    await verifyAudit(
      opened.store.db,
      kept.filter((head) => head !== undefined),
    )
  ).faults

it('one that nobody touched is consistent, and proven only as far as a head from outside', async () => {
  const alone = await verifyAudit(opened.store.db, [])
  expect([alone.faults, alone.provenTo]).toEqual([[], null])
  expect(told(alone)).toContain('Consistent in itself. That nobody wrote all of it anew only a head can prove')
  const proven = await verifyAudit(opened.store.db, heads.slice(0, 5))
  expect([proven.faults, proven.provenTo]).toEqual([[], 5])
  expect(told(proven)).toContain('Proven up to line 5 by a head that was kept elsewhere; consistent in itself from there to 8')
})

it('an altered line, and what a line tells, is said with its place', async () => {
  await opened.store.db.updateTable('audit').set({ actor: 'eve' }).where('number', '=', 4).execute()
  await opened.store.db.updateTable('audit_payloads').set({ detail: '{"nth":60}' }).where('audit_id', 'in', idOf(6)).execute()
  expect(await faultsOf()).toEqual([
    'Line 4 was altered (ticket.resolve of ticket:4).',
    'What line 6 tells was altered (ticket.resolve of ticket:6).',
  ])
})

it('a removed line is said with its place, also where the next was made to follow', async () => {
  await opened.store.db.deleteFrom('audit').where('number', '=', 5).execute()
  expect(await faultsOf()).toEqual(['Line 5 is missing.'])
  await rechain(5)
  expect(await faultsOf(heads[7])).toEqual([expect.stringContaining('The end was cut off')])
})

it('a cut end is told by the head that is kept, or by one from outside', async () => {
  await opened.store.db.deleteFrom('audit').where('number', '>', 6).execute()
  expect(await faultsOf()).toEqual(['The end was cut off: the last line is 6, and there were 8.'])
  await opened.store.db
    .updateTable('audit_heads')
    .set(heads[5] ?? beginning)
    .execute()
  expect(await faultsOf()).toEqual([])
  expect(await faultsOf(heads[7])).toEqual([expect.stringMatching(/^The end was cut off, or an older backup was restored: the head 8:/)])
})

it('a chain that was written anew as a whole is caught by a head, and by nothing else', async () => {
  await opened.store.db.updateTable('audit').set({ actor: 'eve' }).where('number', '=', 4).execute()
  await rechain(4)
  expect(await faultsOf()).toEqual([])
  expect(await faultsOf(heads[2], heads[7])).toEqual([
    'Line 8 is not the one whose head left this machine: the chain was written anew somewhere after line 3.',
  ])
})

it('what people are named in can be erased, and the chain stays whole; in silence it can’t', async () => {
  opened.time.advance(days(395))
  expect(await audit().erase(opened.store.db, opened.time.now() - days(400))).toBe(3)
  const after = await verifyAudit(opened.store.db, [heads[7] ?? beginning])
  expect([after.faults, after.erased, after.provenTo, after.lines]).toEqual([[], 3, 8, 9])
  expect([after.erasedEarly, told(after)]).toEqual([0, expect.not.stringContaining('400 days')])
  await opened.store.db.deleteFrom('audit_payloads').where('audit_id', 'in', idOf(7)).execute()
  expect(await faultsOf()).toEqual(['What line 7 tells is gone, and no line says that it was erased.'])
})

it('says that somebody had erased what was not old enough to end by itself', async () => {
  expect(await audit().erase(opened.store.db, opened.time.now() - days(5))).toBe(3)
  const verdict = await verifyAudit(opened.store.db, heads)
  expect([verdict.faults, verdict.erased, verdict.erasedEarly]).toEqual([[], 3, 3])
  expect(told(verdict)).toContain('3 of them before their 400 days, or those of their organisation, were over')
})

it('knows the days of an organisation by the line that says so, and none below a month', async () => {
  const { store, time } = opened
  const organisation = {
    id: 'short',
    name: 'short',
    mode: 'live',
    plan: 'standard',
    time_zone: 'UTC',
    created_at: 0,
    kept_days: 30,
  } as const
  await store.db.insertInto('organisations').values(organisation).execute()
  const act = { actor: 'ada', action: 'ticket.resolve', target: 'ticket:9', organisationId: 'short', detail: {} }
  for (const wait of [20, 15]) {
    await audit().record(store.db, act)
    time.advance(days(wait))
  }
  expect(await audit().erase(store.db, time.now() - days(30), 30)).toBe(1)
  const verdict = async () => (({ faults, erased, erasedEarly }) => [faults, erased, erasedEarly])(await verifyAudit(store.db, heads))
  expect(await verdict()).toEqual([[], 1, 0])
  expect(await audit().erase(store.db, time.now() - days(10), 30)).toBe(1)
  expect(await verdict()).toEqual([[], 2, 1])
})

it('finds nothing wrong beside a collector that goes on writing', async () => {
  const entry = { actor: 'ada', action: 'ticket.resolve', target: 'ticket:9', organisationId: null, detail: {} }
  const going = Array.from({ length: 30 }, () => audit().record(opened.store.db, entry))
  const verdicts = await Promise.all(Array.from({ length: 8 }, () => verifyAudit(opened.store.reader, heads)))
  await Promise.all(going)
  expect(verdicts.map(({ faults }) => faults)).toEqual(verdicts.map(() => []))
})

it('gives more steps than one transaction takes their places, each in its order', async () => {
  const { store, time } = opened
  const wanted = { verb: 'ping', reason: 'is it there?', requestedBy: 'ada', organisationId: 'o', endpointId: 'e', ticketId: null }
  const many = Array.from({ length: 1_200 }, (_, nth) => ({ ...wanted, id: `command-${String(nth).padStart(4, '0')}` }))
  await store.db.transaction().execute((tx) => requestCommands(tx, store.capabilities.putRows, many, time.now()))
  expect((await audit().settle(store.db)).number).toBe(1_208)
  const verdict = await verifyAudit(store.db, heads)
  expect([verdict.faults, verdict.lines]).toEqual([[], 1_208])
  const last = await store.db.selectFrom('audit').select('target').orderBy('number', 'desc').limit(1).executeTakeFirst()
  expect(last?.target).toBe('command:command-1199')
})

it('a head is written NUMBER:HASH and nothing else', () => {
  expect([readHead(`7:${'a'.repeat(64)}`)?.number, readHead('7:abc'), readHead(`x:${'a'.repeat(64)}`)]).toEqual([7, undefined, undefined])
})

const idOf = (number: number) => opened.store.db.selectFrom('audit').select('id').where('number', '=', number)

/** As an attacker would: every line from this number on is computed anew, and so is the head. */
async function rechain(from: number): Promise<void> {
  const { db } = opened.store
  const rows = await db.selectFrom('audit').innerJoin('audit_payloads', 'audit_id', 'audit.id').selectAll().orderBy('number').execute()
  let head: Head = heads[from - 2] ?? beginning
  for (const row of rows.filter(({ number }) => (number ?? 0) >= from)) {
    const { id, at, actor, action, target, organisation_id: organisationId } = row
    const payloadHash = payloadHashOf(row.salt, row.detail)
    const line = { id, number: head.number + 1, at, actor, action, target, organisationId, payloadHash, previous: head.hash }
    head = { number: line.number, hash: linkOf(line) }
    await db
      .updateTable('audit')
      .set({ ...head, previous: line.previous })
      .where('id', '=', id)
      .execute()
  }
  await db.updateTable('audit_heads').set(head).execute()
}
