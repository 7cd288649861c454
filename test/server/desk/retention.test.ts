import { randomUUID } from 'node:crypto'
import pino from 'pino'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { days, type Time } from '#shared/domain/time.ts'
import { createAudit } from '../../../server/audit/audit.ts'
import { verifyAudit } from '../../../server/audit/verify.ts'
import { endAllOld } from '../../../server/desk/retention.ts'
import { changeOrganisation } from '../../../server/people/organisations.ts'
import { createTurns, type Turns } from '../../../server/pipeline/turns.ts'
import { readHistory } from '../../../server/rehearsal/history.ts'
import { recordedArrivals } from '../../../server/rehearsal/history-arrivals.ts'
import { replay } from '../../../server/rehearsal/replay.ts'
import { madeDatabase } from '../../support/database.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { startPostgres } from '../../support/postgres.ts'
import { addYears, dangling, left } from './years.ts'

/* Years of a desk, and the clock jumps: what is over ends whole, what anything stands on stays. */
const postgres = await startPostgres()
if (postgres.kind === 'unavailable') console.log(`The end of what is over is tried on SQLite only: ${postgres.reason}`)
afterAll(async () => {
  if (postgres.kind === 'running') await postgres.stop()
})
const databases = [['SQLite', undefined], ...(postgres.kind === 'running' ? [['PostgreSQL', postgres.url] as const] : [])] as const

const never = new AbortController().signal
let room: DeskRoom
afterEach(() => room.close())

describe.each(databases)('on %s', (_, url) => {
  beforeEach(async () => {
    room = await openDeskRoom(url === undefined ? {} : { url: await madeDatabase(url, randomUUID()) })
  })

  /** As the collector does, so many days from now. */
  const sweep = (daysOn: number, turns: Turns = createTurns(room.store.db)) => {
    const time: Time = { now: () => room.time.now() + days(daysOn), monotonic: () => 0, after: soon }
    return endAllOld({ store: room.store, time, log: pino({ level: 'silent' }), audit: createAudit({ time }), turns }, never)
  }
  const told = async () => {
    const lines = room.store.db.selectFrom('audit').innerJoin('audit_payloads', 'audit_id', 'audit.id').select(['target', 'detail'])
    const ends = await lines.where('action', '=', 'retention.end').orderBy('number').execute()
    return ends.map(({ target, detail }) => ({ target, ...(JSON.parse(detail) as { tickets?: number; signals?: number }) }))
  }

  it('ends what is over for as long as its organisation keeps it, whole, and tells how much', async () => {
    const { store, time } = room
    await changeOrganisation(store.db, 'other', { keptDays: 1_000 }, time.now())
    await addYears(room, { organisationId: 'acme', tickets: 300, everyDays: 3 })
    await addYears(room, { organisationId: 'other', tickets: 100, everyDays: 9 })
    const [acme, other] = [await left(store, 'acme'), await left(store, 'other')]
    const before = await verifyAudit(store.db, [])

    // Of acme the youngest are 0, 3, 6 … days over; 400 days are kept, and the newest ticket of all is.
    const sum = await sweep(0)
    expect(sum).toMatchObject({ tickets: 166, signals: 166 * 3 + 166 })
    expect(await left(store, 'acme')).toMatchObject({
      tickets: acme.tickets - 166,
      loose: acme.loose - 166,
      digestLines: acme.digestLines - 166,
    })
    expect(await left(store, 'other')).toEqual(other)
    expect(await dangling(store)).toEqual([])
    const lines = await told()
    expect(new Set(lines.map(({ target }) => target))).toEqual(new Set(['organisation:acme']))
    expect(lines.reduce((count, { tickets = 0 }) => count + tickets, 0)).toBe(166)
    const { faults, erasedEarly } = await verifyAudit(store.db, [before.head])
    expect([faults, erasedEarly]).toEqual([[], 0])
    expect(await sweep(0)).toEqual({})

    // What is read over the whole record reads what is left.
    const history = await readHistory(store.reader)
    expect(history.tickets.size).toBe(acme.tickets - 166 + other.tickets)
    const matrices = [room.matrices.rules]
    let replayed = 0
    for await (const { ways } of replay(store.reader, matrices, 0)) replayed += ways.length
    expect(replayed).toBeGreaterThan(0)
    expect(await recordedArrivals(store.reader, 1, 0, time.now())).not.toEqual([])

    // The same trouble again, of a ticket that is gone: it opens another, with a number that nothing had.
    const numbers = await store.db
      .selectFrom('tickets')
      .select(({ fn }) => fn.max('number').as('newest'))
      .executeTakeFirstOrThrow()
    await room.signals({ endpointId: 'srv', fingerprint: 'years:250', kind: 'health.service.down', severity: 'high' })
    const opened = await store.db.selectFrom('tickets').select('number').where('status', '!=', 'resolved').executeTakeFirstOrThrow()
    expect(opened.number).toBe((numbers.newest ?? 0) + 1)
  })

  it('leaves neither half a ticket nor an end untold where it is killed, and goes on', async () => {
    const { store } = room
    await addYears(room, { organisationId: 'acme', tickets: 300, everyDays: 3 })
    const all = await left(store, 'acme')
    const real = createTurns(store.db)
    let slices = 0
    const killed: Turns = Object.assign(
      <Result>(work: Parameters<typeof real<Result>>[0]) =>
        real<Result>(async (tx) => {
          const done = await work(tx)
          slices += 1
          if (slices === 3) throw new Error('killed')
          return done
        }),
      { prepared: real.prepared },
    )
    await expect(sweep(0, killed)).rejects.toThrow('killed')
    const counted = async () => (await told()).reduce((sum, { tickets = 0 }) => sum + tickets, 0)
    const gone = all.tickets - (await left(store, 'acme')).tickets
    expect([await counted(), await dangling(store)]).toEqual([gone, []])
    expect(gone).toBeGreaterThan(0)
    expect(gone).toBeLessThan(166)
    await sweep(0)
    expect([await counted(), all.tickets - (await left(store, 'acme')).tickets, await dangling(store)]).toEqual([166, 166, []])
  })

  it('keeps what something still stands on, until that is over', async () => {
    const { store } = room
    const { db } = store
    const ids = await addYears(room, { organisationId: 'acme', tickets: 12, everyDays: 1, endpointId: 'srv' })
    const [child = '', open = '', under = '', commanded = '', excepted = '', written = '', task = '', isolated = ''] = ids
    const set = (id: string, change: object) => db.updateTable('tickets').set(change).where('id', '=', id).execute()
    await set(open, { status: 'new', resolved_at: null })
    await set(child, { parent_id: open })
    await set(open, { problem_id: under })
    await set(isolated, { endpoint_id: 'ws' })
    await set(task, { follows_id: isolated, task: 'restore' })
    const cutOff = { desired: 'isolated', desired_at: 1, desired_by: 'p', actual: 'open', actual_at: 1, is_ready: 1, detail: '' } as const
    await db
      .insertInto('isolations')
      .values({ endpoint_id: 'ws', ...cutOff, proof: null })
      .execute()
    await db.updateTable('commands').set({ settled_at: null, status: 'running' }).where('ticket_id', '=', commanded).execute()
    const noise = { scope: 'endpoint', scope_value: 'srv', kind: 'k', fingerprint: null, severity: 'low', process_sha256: null } as const
    const since = { reason: 'r', created_by: 'p', created_at: 1, ended_at: null, ended_by: null }
    const until_at = room.time.now() + days(420)
    await db
      .insertInto('noise_exceptions')
      .values({ id: 'noise', organisation_id: 'acme', ticket_id: excepted, until_at, ...noise, ...since })
      .execute()
    await db.updateTable('mails').set({ status: 'held' }).where('ticket_id', '=', written).execute()
    const stays = async () => (await db.selectFrom('tickets').select('id').orderBy('number').execute()).map(({ id }) => id)

    // A task goes before what it follows; the newest ticket waits for another one.
    await sweep(415)
    const newest = ids.at(-1)
    expect(await stays()).toEqual([child, open, under, commanded, excepted, written, isolated, newest])
    expect(await dangling(store)).toEqual([])

    await set(open, { status: 'resolved', resolved_at: 1 })
    await db.updateTable('endpoints').set({ removed_at: 1 }).where('id', '=', 'ws').execute()
    await db.updateTable('commands').set({ settled_at: 1, status: 'succeeded' }).where('status', '=', 'running').execute()
    await db.updateTable('mails').set({ status: 'taken' }).execute()
    await sweep(421)
    expect([await stays(), await dangling(store)]).toEqual([[newest], []])
  })
})

const soon = (_ms: number, run: () => void) => {
  const timer = setImmediate(run)
  return () => clearImmediate(timer)
}
