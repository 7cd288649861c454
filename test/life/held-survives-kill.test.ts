import { mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { hours } from '#shared/domain/time.ts'
import { heldOver } from '../../server/pipeline/suppression.ts'
import { openStore, type Store } from '../../server/store/store.ts'
import { databaseSetting, storeUrl } from '../support/database.ts'
import { signalRow } from '../support/desk-room.ts'
import { startProgram } from '../support/program.ts'

/*
 * Signals that wait for a maintenance window, in a collector that is killed with -9 while they do and while they are let go:
 * each is there once, as a ticket.
 */

const count = 300
const folder = await mkdtemp(join(tmpdir(), 'tierline-held-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

it('what waits is decided once, though the collector is killed while it waits and while it is let go', async () => {
  const dataDir = join(folder, 'data')
  mkdirSync(dataDir, { mode: 0o700 })
  const url = await storeUrl(dataDir)
  const database = await databaseSetting(dataDir)
  const up = () => startProgram(['up', '--data', dataDir, '--database', database, '--port', '0', '--agents-port', '0'])
  await within(url, (store) => hold(store, Date.now() + hours(1)))

  const first = up()
  await first.prints(/Agents\s+(https:\S+)/)
  expect(await within(url, ticketCount)).toBe(0)
  await first.stop('SIGKILL')
  await within(url, bringNear)
  const second = up()
  await expect.poll(() => within(url, ticketCount), { timeout: 30_000, interval: 20 }).toBeGreaterThan(0)
  await second.stop('SIGKILL')
  const third = up()
  await expect.poll(() => within(url, ticketCount), { timeout: 30_000, interval: 250 }).toBe(count)
  await third.stop()

  const rows = await within(url, (store) =>
    store.db.selectFrom('tickets').select(['fingerprint', 'occurrences']).where('kind', '=', 'health.disk.full').execute(),
  )
  expect(new Set(rows.map(({ fingerprint }) => fingerprint)).size).toBe(count)
  expect(new Set(rows.map(({ occurrences }) => occurrences))).toEqual(new Set([1]))
  const waiting = await within(url, (store) =>
    store.db.selectFrom('suppressed_signals').select('signal_id').where('ended_at', 'is', null).execute(),
  )
  expect(waiting).toEqual([])
}, 120_000)

async function within<Result>(url: string, work: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openStore(url)
  return work(store).finally(() => store.close())
}

const ticketCount = async (store: Store): Promise<number> =>
  (await store.reader.selectFrom('tickets').select('id').where('kind', '=', 'health.disk.full').execute()).length

/** The hour is over: no test waits for one, and a busy machine may take longer to start than a short wait. */
async function bringNear({ db }: Store): Promise<void> {
  const now = Date.now()
  await db.updateTable('suppressed_signals').set({ until_at: now }).execute()
  await db.updateTable('timers').set({ due_at: now }).where('kind', '=', 'held-over').execute()
}

/** As the pipeline leaves what waits. */
async function hold(store: Store, dueAt: number): Promise<void> {
  const now = Date.now()
  const { db, capabilities } = store
  await db
    .insertInto('organisations')
    .values({ id: 'acme', name: 'Acme', mode: 'live', plan: 'standard', time_zone: 'UTC', created_at: now })
    .execute()
  const machine = { organisation_id: 'acme', site_id: null, hostname: 'srv', platform: 'linux' as const, confirmed_role: 'server' as const }
  const machines = Array.from({ length: count }, (_, index) => ({ ...machine, id: `srv-${index}`, enrolled_at: now, removed_at: null }))
  await db.insertInto('endpoints').values(machines).execute()
  const signals = Array.from({ length: count }, (_, index) =>
    signalRow({ endpointId: `srv-${index}`, severity: 'high', fingerprint: `disk:${index}` }, now),
  )
  const held = signals.map(({ id, organisation_id, endpoint_id, kind, state, fingerprint }) => ({
    ...{
      signal_id: id,
      organisation_id,
      endpoint_id,
      kind,
      state,
      trouble: `${endpoint_id} ${fingerprint}`,
      suppressed_by: 'window' as const,
    },
    ...{ by_id: 'window', since: now, until_at: dueAt, ended_at: null, ended_as: null },
  }))
  const timer = { ...heldOver(dueAt), due_at: dueAt, ticket_id: null, created_at: now, fired_at: null, cancelled_at: null }
  const { id, kind, payload, due_at, ticket_id, created_at, fired_at, cancelled_at } = timer
  await db.transaction().execute(async (tx) => {
    const handled = signals.map((row) => ({ ...row, handled_at: now, outcome: 'record' as const }))
    await capabilities.putRows(tx, 'signals', handled, 'ignore')
    await capabilities.putRows(tx, 'suppressed_signals', held, 'ignore')
    await capabilities.putRows(tx, 'timers', [{ id, kind, payload, due_at, ticket_id, created_at, fired_at, cancelled_at }], 'ignore')
  })
}
