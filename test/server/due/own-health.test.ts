import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hours, minutes, seconds } from '#shared/domain/time.ts'
import { lastBackupFile } from '../../../server/backup/backup.ts'
import { backupLate, createOwnHealth, diskLow, limits } from '../../../server/due/own-health.ts'
import { createTurns } from '../../../server/pipeline/turns.ts'
import { hasDesign, table } from '../../support/design.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

let room: DeskRoom
let folder: string
let stillMs = 0
let look: () => Promise<void>
beforeEach(async () => {
  room = await openDeskRoom()
  folder = await mkdtemp(join(tmpdir(), 'tierline-own-'))
  stillMs = 0
  const { store } = room
  const needs = { store, turns: createTurns(store.db), config: { dataDir: folder }, ingest: () => ({ stillMs: () => stillMs }) }
  const lookNow = createOwnHealth({ ...needs, onRaised: () => room.pipeline.nudge(true) })
  look = async () => {
    await lookNow(room.time.now())
    await room.pipeline.idle()
  }
})
afterEach(async () => {
  await room.close()
  await rm(folder, { recursive: true, force: true })
})

const tickets = () =>
  room.store.db
    .selectFrom('tickets')
    .select(['kind', 'priority', 'team', 'is_standing'])
    .where('kind', 'like', 'system.%')
    .orderBy('number')
    .execute()
const signals = async (kind: string) =>
  (await room.store.db.selectFrom('signals').select('state').where('kind', '=', kind).orderBy('arrival').execute()).map(
    ({ state }) => state,
  )

describe('a collector', () => {
  it('that is well says nothing, and counts from then when it was last backed up', async () => {
    await look()
    expect(await tickets()).toEqual([])
    expect(await readFile(join(folder, lastBackupFile), 'utf8')).toBe(String(room.time.now()))
  })

  it('that nobody has backed up for 26 hours is a P2, until somebody does', async () => {
    await look()
    room.time.jump(hours(26))
    await look()
    expect(await tickets()).toEqual([])
    await room.time.advance(minutes(1))
    await look()
    await look()
    const late = { kind: 'system.backup.late', priority: 'P2', team: 'admin' }
    expect(await tickets()).toEqual([{ ...late, is_standing: 1 }])
    await writeFile(join(folder, lastBackupFile), String(room.time.now()))
    await look()
    await look()
    expect(await tickets()).toEqual([{ ...late, is_standing: 0 }])
    expect(await signals('system.backup.late')).toEqual(['raised', 'cleared'])
  })

  it('in which nothing is committed for a minute is a P1, until something is', async () => {
    stillMs = seconds(60)
    await look()
    expect(await tickets()).toEqual([])
    stillMs = seconds(61)
    await look()
    expect(await tickets()).toEqual([{ kind: 'system.ingest.stopped', priority: 'P1', team: 'admin', is_standing: 1 }])
    stillMs = 0
    await look()
    expect(await signals('system.ingest.stopped')).toEqual(['raised', 'cleared'])
  })
})

it('what stood while nothing could be written is said when it is over', async () => {
  let isBroken = true
  const turns = createTurns(room.store.db)
  const broken: typeof turns = Object.assign(
    (...args: Parameters<typeof turns>) => (isBroken ? Promise.reject(new Error('no database')) : turns(...args)),
    turns,
  )
  const lookNow = createOwnHealth({
    store: room.store,
    turns: broken,
    ingest: () => ({ stillMs: () => stillMs }),
    onRaised: () => undefined,
  })
  stillMs = minutes(5)
  await expect(lookNow(room.time.now())).rejects.toThrow('no database')
  stillMs = 0
  isBroken = false
  await lookNow(room.time.now())
  expect(await signals('system.ingest.stopped')).toEqual(['raised'])
})

describe('whoever is to be told', () => {
  const receiver = { id: 'hook', name: 'our chat', notifier: 'webhook', settings: '{}', organisation_id: null, person_id: null, rank: null }
  const message = (id: string, said: object) => ({
    ...{ id, receiver_id: 'hook', ticket_id: null, organisation_id: null, event: 'ticket.opened', body: '{}', created_at: room.time.now() },
    ...{ pass_on_at: null, attempts: 0, next_attempt_at: null, delivered_at: null, failed_at: null, last_error: null, ...said },
  })
  const put = (id: string, said: object) => room.store.db.insertInto('outbox').values(message(id, said)).execute()
  const have = (audience: 'everybody' | 'contact') =>
    room.store.db
      .insertInto('receivers')
      .values({ ...receiver, team: null, address: null, created_at: 0, disabled_at: null, audience })
      .execute()

  it('and could not be for more than a minute is a P2, until they can', async () => {
    await have('everybody')
    await put('m1', { attempts: 4, next_attempt_at: Number.MAX_SAFE_INTEGER })
    await look()
    expect(await tickets()).toEqual([])
    await room.store.db.updateTable('outbox').set({ attempts: 5 }).execute()
    await look()
    expect(await tickets()).toEqual([{ kind: 'system.notifier.failing', priority: 'P2', team: 'admin', is_standing: 1 }])
    await room.time.advance(minutes(1))
    await put('m2', { delivered_at: room.time.now() })
    await look()
    expect(await tickets()).toMatchObject([{ is_standing: 0 }])
  })

  it('is nothing of ours where it is a customer’s address', async () => {
    await have('contact')
    await put('m1', { attempts: 14, failed_at: room.time.now() })
    await look()
    expect(await tickets()).toEqual([])
  })
})

it('the limits', () => {
  expect(diskLow(0.1, 0.1)).toEqual([])
  expect(diskLow(0.099, 0.1)).toMatchObject([{ kind: 'system.disk.low', severity: 'high', facts: { freePercent: 9 } }])
  expect(backupLate(hours(26))).toEqual([])
  expect(backupLate(hours(26) + 1)).toHaveLength(1)
})

it.skipIf(!hasDesign)('are those of the design', () => {
  expect(table(2)[39]?.[2]).toContain('Backup > 26 h, disk < 10 %, a notifier failing: P2')
  expect(table(2)[39]?.[2]).toContain('ingest stopped, timers > 60 s late: P1')
  expect(limits).toEqual({ standsMs: seconds(60), backupMs: hours(26), freeShare: 0.1 })
})
