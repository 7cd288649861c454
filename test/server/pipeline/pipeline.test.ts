import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { days, minutes } from '#shared/domain/time.ts'
import { markHandled } from '../../../server/ingest/handled.ts'
import { suiteDatabase } from '../../support/database.ts'
import { type DeskRoom, openDeskRoom, putSignals, signalRow } from '../../support/desk-room.ts'
import { letMachinesBeLoud } from '../../support/loud-machines.ts'

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

const tickets = () => room.store.db.selectFrom('tickets').selectAll().orderBy('number').execute()
const timeline = async () =>
  (await room.store.db.selectFrom('timeline').select('kind').orderBy('at').orderBy('id').execute()).map(({ kind }) => kind)
const commands = () => room.store.db.selectFrom('commands').selectAll().orderBy('requested_at').orderBy('id').execute()
const outcomes = async () =>
  (await room.store.db.selectFrom('signals').select(['id', 'outcome', 'ticket_id']).orderBy('id').execute()).map(({ outcome }) => outcome)
const openTimers = async () =>
  (
    await room.store.db
      .selectFrom('timers')
      .select('kind')
      .where('fired_at', 'is', null)
      .where('cancelled_at', 'is', null)
      .orderBy('kind')
      .execute()
  ).map(({ kind }) => kind)

const unreadable = { kind: 'security.ransomware.canary', severity: 'critical', state: 'happened', facts: { change: 'unreadable' } } as const
const deleted = { ...unreadable, severity: 'medium', facts: { change: 'deleted' } } as const

describe('a signal that nobody has met before', () => {
  it('opens a ticket in the right tier, with priority, reasons, deadlines and a timer', async () => {
    await room.signals({ endpointId: 'srv', summary: '/ is 91 % full, 12.0 GiB are free' })
    const [ticket] = await tickets()
    expect(ticket).toMatchObject({
      number: 1,
      title: '/ is 91 % full, 12.0 GiB are free',
      status: 'new',
      priority: 'P3',
      tier: 'tier1',
      team: 'tier1',
      rule: 'disk-full',
    })
    expect(ticket).toMatchObject({
      occurrences: 1,
      is_standing: 1,
      matrix_version: 1,
      version: 1,
      site_id: 'site-1',
      organisation_id: 'acme',
    })
    expect(new Date(ticket?.respond_by ?? 0).toISOString()).toBe('2026-11-23T10:00:00.000Z')
    expect(await timeline()).toEqual(['opened', 'prioritised', 'routed', 'promised'])
    expect(await openTimers()).toEqual(['promise-share', 'resolve-due', 'respond-due'])
    expect(room.heard).toMatchObject([{ topic: 'ticket', id: ticket?.id, organisationId: 'acme', endpointId: 'srv' }])
  })

  it('is handled once: what is marked is never looked at again, also after a restart', async () => {
    await room.signals({ endpointId: 'srv' })
    room = await room.restart()
    await room.pipeline.idle()
    expect((await tickets()).map(({ occurrences }) => occurrences)).toEqual([1])
    expect(await timeline()).toHaveLength(4)
  })

  it('becomes a line of the digest, or only a record, where the matrix says so', async () => {
    await room.signals(
      { kind: 'backup.note', severity: 'low', summary: 'Backup took longer' },
      { kind: 'health.cpu.busy' },
      { kind: 'other.thing', severity: 'info' },
    )
    expect(await tickets()).toEqual([])
    expect(await outcomes()).toEqual(['digest', 'record', 'record'])
    expect(await room.store.db.selectFrom('digest_lines').select(['team', 'summary']).execute()).toEqual([
      { team: 'tier1', summary: 'Backup took longer' },
    ])
    expect(await openTimers()).toEqual(['digest'])
  })

  it('of an endpoint that is gone is kept as a record', async () => {
    await room.signals({ endpointId: 'nobody' })
    expect(await outcomes()).toEqual(['record'])
  })
})

/* How full SQLite's disk is can be said by a pragma; PostgreSQL has none. */
it.runIf(suiteDatabase() === 'sqlite')('waits for a full disk, and puts nothing aside for it', async () => {
  await letMachinesBeLoud(room)
  const { db } = room.store
  await putSignals(
    room.store,
    Array.from({ length: 150 }, (_, index) => ({ ...unreadable, fingerprint: `f${index}` })),
    room.time.now(),
  )
  await sql`pragma max_page_count = 1`.execute(db)
  await expect(room.pipeline.idle()).rejects.toThrow('full')
  await sql`pragma max_page_count = 100000`.execute(db)
  await room.pipeline.idle()
  expect(await tickets()).toHaveLength(150)
  expect(new Set(await outcomes())).toEqual(new Set(['ticket']))
})

describe('the same trouble again', () => {
  it('joins: one ticket, an occurrence count, also within one group', async () => {
    await room.signals({ endpointId: 'srv' }, { endpointId: 'srv' })
    await room.signals({ endpointId: 'srv' })
    expect(await tickets()).toMatchObject([{ occurrences: 3, number: 1 }])
  })

  it('of another endpoint is another ticket', async () => {
    await room.signals({ endpointId: 'srv' }, { endpointId: 'ws' })
    expect(await tickets()).toMatchObject([
      { number: 1, endpoint_id: 'srv' },
      { number: 2, endpoint_id: 'ws' },
    ])
  })

  it('writes the first ones and round numbers on the timeline, and counts all', async () => {
    await room.signals({ endpointId: 'srv' }, ...Array.from({ length: 150 }, () => ({ endpointId: 'srv' })))
    expect(await tickets()).toMatchObject([{ occurrences: 151 }])
    expect((await timeline()).filter((kind) => kind === 'signal-joined')).toHaveLength(4 + 4)
  })

  it('that is worse raises the priority, moves to security and contains; nothing brings it down again', async () => {
    await room.signals(deleted)
    expect(await tickets()).toMatchObject([{ priority: 'P3', containment: 'asked', rule: 'canary-moved' }])
    await room.signals({ ...unreadable, summary: 'The decoy was made unreadable' })
    expect(await tickets()).toMatchObject([
      { priority: 'P1', containment: 'auto', rule: 'canary-unreadable', title: 'The decoy was made unreadable', occurrences: 2 },
    ])
    expect(await commands()).toMatchObject([{ verb: 'isolate-host', endpoint_id: 'ws', requested_by: 'system' }])
    await room.signals(deleted)
    expect(await tickets()).toMatchObject([{ priority: 'P1', rule: 'canary-unreadable', occurrences: 3 }])
  })

  it('within a week of its end reopens the ticket, later opens a new one', async () => {
    await room.signals({ endpointId: 'srv' }, { endpointId: 'srv', state: 'cleared' })
    await room.time.advance(minutes(11))
    await room.timers.idle()
    expect(await tickets()).toMatchObject([{ status: 'resolved', resolution: 'cleared' }])
    room.time.jump(days(6))
    await room.signals({ endpointId: 'srv' })
    expect(await tickets()).toMatchObject([{ status: 'new', resolution: null, occurrences: 2, touched_at: null }])
    await room.signals({ endpointId: 'srv', state: 'cleared' })
    await room.time.advance(minutes(11))
    room.time.jump(days(8))
    await room.signals({ endpointId: 'srv' })
    expect(await tickets()).toMatchObject([{ status: 'resolved' }, { status: 'new', number: 2, occurrences: 1 }])
  })
})

describe('a signal that clears', () => {
  it('lets an untouched ticket close by itself after the quiet time', async () => {
    await room.signals({ endpointId: 'srv' }, { endpointId: 'srv', state: 'cleared' })
    expect(await tickets()).toMatchObject([{ status: 'new', is_standing: 0 }])
    await room.time.advance(minutes(9))
    expect(await tickets()).toMatchObject([{ status: 'new' }])
    await room.time.advance(minutes(1))
    expect(await tickets()).toMatchObject([{ status: 'resolved', resolution: 'cleared' }])
    expect(await openTimers()).toEqual([])
  })

  it('and is raised again in time keeps it open', async () => {
    await room.signals({ endpointId: 'srv' }, { endpointId: 'srv', state: 'cleared' }, { endpointId: 'srv' })
    await room.time.advance(minutes(30))
    expect(await tickets()).toMatchObject([{ status: 'new', is_standing: 1 }])
  })

  it('never closes what somebody touched, nor security', async () => {
    await room.signals({ endpointId: 'srv' }, { kind: 'security.thing', severity: 'high', state: 'raised' })
    const disk = (await tickets()).find(({ kind }) => kind === 'health.disk.full')
    if (!disk) throw new Error('no ticket')
    await room.desk.comment({ ticketId: disk.id, version: disk.version, person: { id: 'p', name: 'P' }, text: 'On it' })
    await room.signals({ endpointId: 'srv', state: 'cleared' }, { kind: 'security.thing', severity: 'high', state: 'cleared' })
    await room.time.advance(minutes(60))
    expect(await tickets()).toMatchObject([
      { status: 'new', is_standing: 0 },
      { status: 'new', is_standing: 0 },
    ])
  })

  it('without a ticket changes nothing', async () => {
    await room.signals({ state: 'cleared' })
    expect(await outcomes()).toEqual(['record'])
  })
})

describe('order', () => {
  it('takes security first, and each endpoint’s signals in the order they came', async () => {
    await letMachinesBeLoud(room)
    await putSignals(
      room.store,
      [...Array.from({ length: 250 }, (_, index) => ({ endpointId: 'srv', fingerprint: `disk:${index}` })), unreadable],
      room.time.now(),
    )
    await room.pipeline.idle()
    expect(await tickets()).toHaveLength(251)
    expect((await tickets())[0]).toMatchObject({ number: 1, kind: 'security.ransomware.canary' })
  })
})

describe('a signal that can’t be handled', () => {
  // A route that asks for facts finds none that can be read.
  const broken = () => ({ ...signalRow({ ...unreadable, endpointId: 'srv' }, room.time.now()), facts: 'no JSON' })

  it('stops no other, is put aside once, and a ticket says so', async () => {
    await putSignals(room.store, [{ endpointId: 'core' }], room.time.now())
    await room.store.db.insertInto('signals').values(broken()).execute()
    await room.signals({ endpointId: 'ws' })
    const found = await tickets()
    expect(found.map(({ kind, team }) => [kind, team])).toEqual([
      ['health.disk.full', 'tier2'],
      ['health.disk.full', 'tier1'],
      ['system.pipeline.signal-put-aside', 'admin'],
    ])
    await room.pipeline.idle()
    expect(await tickets()).toHaveLength(3)
  })

  it('even when it is the writing that fails', async () => {
    await room.store.db.schema.createIndex('one_bad_summary').on('tickets').column('title').unique().execute()
    await room.signals(
      { endpointId: 'srv', summary: 'same' },
      { endpointId: 'ws', summary: 'same' },
      { endpointId: 'core', summary: 'other' },
    )
    expect((await tickets()).map(({ title }) => title).sort()).toEqual(
      ['other', 'same', expect.stringContaining('could not be handled')].sort(),
    )
    expect((await outcomes()).sort()).toEqual(['record', 'ticket', 'ticket', 'ticket'])
  })

  it('never twice: an effect whose signal is marked already is rolled back', async () => {
    const row = signalRow({ endpointId: 'srv' }, room.time.now())
    await room.store.db.insertInto('signals').values(row).execute()
    await room.pipeline.idle()
    const mark = { signalId: row.id, outcome: 'ticket', ticketId: 't' } as const
    const { claimRows } = room.store.capabilities
    const again = room.store.db.transaction().execute((tx) => markHandled(tx, claimRows, [mark], 1))
    await expect(again).rejects.toThrow('handled before')
  })
})
