import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Signal } from '#shared/domain/signal.ts'
import { hours } from '#shared/domain/time.ts'
import { type Committed, createIngest, type Ingest } from '../../../server/ingest/ingest.ts'
import type { Keepers } from '../../../server/ingest/keep.ts'
import { openStore, type Store } from '../../../server/store/store.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { startPostgres } from '../../support/postgres.ts'
import { rawSignal, signalRecord } from '../../support/raw-agent.ts'
import { epoch, type Frame, frame, from, standing } from './frames.ts'

const postgres = await startPostgres()
if (postgres.kind === 'unavailable') console.log(`Ingest is tried on SQLite only: ${postgres.reason}`)
const folder = await mkdtemp(join(tmpdir(), 'tierline-ingest-'))
afterAll(async () => {
  if (postgres.kind === 'running') await postgres.stop()
  await rm(folder, { recursive: true, force: true })
})

let files = 0
const dialects: [string, string | undefined][] = [
  ['SQLite', 'sqlite'],
  ['PostgreSQL', postgres.kind === 'running' ? postgres.url : undefined],
]
const tables = ['cursors', 'signals', 'conditions', 'refused_records', 'gaps'] as const

for (const [name, where] of dialects) {
  describe.skipIf(where === undefined)(`ingest on ${name}`, () => {
    let store: Store
    let ingest: Ingest
    let committed: Committed[]
    let keepers: Keepers
    let time: FakeTime

    beforeEach(async () => {
      store = await openStore(where === 'sqlite' ? `sqlite:${join(folder, `${++files}.db`)}` : (where ?? ''))
      committed = []
      const nothing = async () => undefined
      keepers = { keepSamples: nothing, keepInventory: nothing, keepResults: nothing }
      time = new FakeTime()
      ingest = createIngest({ store, time, keepers, onCommitted: (each) => committed.push(each) })
    })
    afterEach(async () => {
      await ingest.idle()
      for (const table of tables) await store.db.deleteFrom(table).execute()
      await store.close()
    })
    const signals = () => store.db.selectFrom('signals').selectAll().orderBy('arrival').execute()

    it('takes records in order and moves the cursor over them', async () => {
      const sent = [rawSignal(), rawSignal({ state: 'cleared' })]
      expect(await ingest.takeRecords(from, frame('signals', 1, ...sent.map(signalRecord)))).toEqual({ kind: 'taken', seq: 2, refused: [] })
      expect((await signals()).map(({ id, organisation_id }) => [id, organisation_id])).toEqual(
        sent.map(({ id }) => [id, 'organisation-1']),
      )
      expect(await ingest.cursors('endpoint-1', epoch)).toEqual({ signals: 2 })
      expect(await ingest.cursors('endpoint-1', 'epoch-two')).toEqual({})
      expect(committed).toEqual([{ hasWork: true, hasSecurity: false, sampled: [], inventoried: [] }])
    })

    it('counts nothing twice, and says again what is committed', async () => {
      const sent = frame('signals', 1, signalRecord(rawSignal()), signalRecord(rawSignal()))
      await ingest.takeRecords(from, sent)
      const again = frame('signals', 2, sent.records[1]?.body, signalRecord(rawSignal()))
      expect(await ingest.takeRecords(from, again)).toEqual({ kind: 'taken', seq: 3, refused: [] })
      expect(await ingest.takeRecords(from, sent)).toEqual({ kind: 'taken', seq: 3, refused: [] })
      expect(await signals()).toHaveLength(3)
    })

    it('goes by what is committed, also after a commit that failed and by another ingest', async () => {
      const [first, second, third] = [1, 2, 3].map((seq) => frame('signals', seq, signalRecord(rawSignal())))
      await ingest.takeRecords(from, first as Frame)
      keepers.keepResults = () => Promise.reject(new Error('not now'))
      const result = {
        v: 1,
        type: 'result',
        commandId: 'command-1',
        verb: 'isolate-host',
        outcome: 'done',
        startedAt: 1,
        finishedAt: 2,
        detail: '',
      }
      const both = [ingest.takeRecords(from, second as Frame), ingest.takeRecords(from, frame('security', 1, result))]
      expect(await Promise.all(both)).toMatchObject([
        { seq: 2, refused: [] },
        { seq: 1, refused: [{ seq: 1 }] },
      ])
      const later = createIngest({ store, time: new FakeTime(), keepers, onCommitted: () => undefined })
      expect(await later.takeRecords(from, second as Frame)).toMatchObject({ kind: 'taken', seq: 2 })
      expect(await later.takeRecords(from, third as Frame)).toMatchObject({ kind: 'taken', seq: 3 })
      expect(await signals()).toHaveLength(3 + 1)
      expect(await later.cursors('endpoint-1', epoch)).toEqual({ signals: 3, security: 1 })
    })

    it('takes nothing behind a hole', async () => {
      const holed = { ...frame('signals', 1), records: [1, 3].map((seq) => ({ seq, body: signalRecord(rawSignal()) })) }
      expect(await ingest.takeRecords(from, holed)).toEqual({ kind: 'gap', seq: 1, refused: [] })
      expect(await signals()).toHaveLength(1)
    })

    it('passes what the agent had to drop, and remembers the gap', async () => {
      expect(await ingest.takeSkipped(from, { epoch, lane: 'signals', from: 1, to: 40, why: 'the disk was full' })).toMatchObject({
        seq: 40,
      })
      expect(await ingest.takeRecords(from, frame('signals', 41, signalRecord(rawSignal())))).toMatchObject({ kind: 'taken', seq: 41 })
      expect(await ingest.takeSkipped(from, { epoch, lane: 'signals', from: 1, to: 40, why: 'again' })).toMatchObject({ seq: 41 })
      const gaps = await store.db.selectFrom('gaps').select(['from_seq', 'to_seq', 'why']).execute()
      expect(gaps).toEqual([{ from_seq: 1, to_seq: 40, why: 'the disk was full' }])
      expect(await ingest.takeSkipped(from, { epoch, lane: 'signals', from: 50, to: 60, why: 'too far' })).toMatchObject({
        kind: 'gap',
        seq: 41,
      })
    })

    it('says that signals were lost, and keeps silent about numbers', async () => {
      const why = 'the spool was full'
      for (const lane of ['security', 'signals', 'inventory', 'samples'] as const)
        await ingest.takeSkipped(from, { epoch, lane, from: 1, to: 40, why })
      await ingest.takeSkipped(from, { epoch, lane: 'security', from: 1, to: 41, why })
      const told = (await signals()).map(({ kind, severity, endpoint_id, facts }) => [kind, severity, endpoint_id, JSON.parse(facts)])
      const lost = ['system.agent.signals-lost', 'high', 'endpoint-1']
      expect(told).toEqual([
        [...lost, { lane: 'security', from: 1, to: 40, count: 40, why }],
        [...lost, { lane: 'signals', from: 1, to: 40, count: 40, why }],
        [...lost, { lane: 'security', from: 41, to: 41, count: 1, why }],
      ])
      expect(new Set((await signals()).map(({ fingerprint }) => fingerprint)).size).toBe(1)
      expect(committed.filter(({ hasWork }) => hasWork)).toHaveLength(3)
      expect(await store.db.selectFrom('gaps').select('lane').execute()).toHaveLength(5)
    })

    it('refuses a record alone, keeps it raw, and tells of it in one signal per endpoint', async () => {
      const bad = { v: 1, type: 'signal', signal: { kind: 'NOT A KIND' } }
      const taken = await ingest.takeRecords(
        from,
        frame('signals', 1, signalRecord(rawSignal()), bad, 'nonsense', signalRecord(rawSignal())),
      )
      expect(taken).toMatchObject({ kind: 'taken', seq: 4, refused: [{ seq: 2 }, { seq: 3 }] })
      const raw = await store.db.selectFrom('refused_records').select(['seq', 'raw']).orderBy('seq').execute()
      expect(raw).toEqual([
        { seq: 2, raw: JSON.stringify(bad) },
        { seq: 3, raw: '"nonsense"' },
      ])
      const told = (await signals()).filter(({ origin }) => origin === 'collector')
      expect(told.map(({ kind, endpoint_id }) => [kind, endpoint_id])).toEqual([['system.record.refused', 'endpoint-1']])
    })

    it.each([
      ['a security signal in the lane of health', 'signals', signalRecord(rawSignal({ kind: 'security.test.seen' }))],
      ['a health signal in the lane of security', 'security', signalRecord(rawSignal())],
      ['a standing record that lists a stranger', 'security', standing(rawSignal())],
      ['a standing record among samples', 'samples', standing()],
      [
        'samples with a column too few',
        'samples',
        { v: 1, type: 'sample-columns', samples: { at: [1], disks: [], networks: [], columns: [0] } },
      ],
    ] as const)('refuses %s', async (_what, lane, body) => {
      expect(await ingest.takeRecords(from, frame(lane, 1, body))).toMatchObject({ seq: 1, refused: [{ seq: 1 }] })
    })

    it('says how old news was when it arrived, by its own clock', async () => {
      const now = new FakeTime().now()
      const agents = { ...from, clockBehindMs: hours(2) }
      const sensed = [now - hours(2), now - hours(3), now, 0]
      const bodies = sensed.map((sensedAt) => signalRecord(rawSignal({ sensedAt })))
      await ingest.takeRecords(agents, frame('signals', 1, ...bodies))
      const far = { ...from, clockBehindMs: Number.MIN_SAFE_INTEGER }
      await ingest.takeRecords(far, frame('signals', 5, signalRecord(rawSignal({ sensedAt: 0 }))))
      const ages = (await signals()).map(({ age_ms }) => age_ms)
      expect(ages).toEqual([0, hours(1), 0, now - hours(2), Number.MAX_SAFE_INTEGER])
    })

    const fillsUp = async () => {
      const evidence = Array.from({ length: 14 }, (_, index) => ({ name: `file ${index}`, text: 'x'.repeat(16_000) }))
      const large = frame('security', 1, signalRecord(rawSignal({ kind: 'security.test.seen', evidence })))
      const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(store.db)
      await sql`pragma max_page_count = ${sql.lit((rows[0]?.page_count ?? 0) + 40)}`.execute(store.db)
      await expect(ingest.takeRecords(from, large)).rejects.toThrow('full')
      expect(await store.db.selectFrom('refused_records').selectAll().execute()).toEqual([])
      await sql`pragma max_page_count = 100000`.execute(store.db)
      expect(await ingest.takeRecords(from, large)).toEqual({ kind: 'taken', seq: 1, refused: [] })
    }
    // PostgreSQL has no such limit to set; what its errors say of the store is tried in the store's own suite.
    if (where === 'sqlite') it('refuses no record because the disk has too little room for it', fillsUp)

    it('opens and clears the difference to what is true now', async () => {
      const [stays, ends, begins] = ['a', 'b', 'c'].map((fingerprint) => rawSignal({ fingerprint })) as [Signal, Signal, Signal]
      const security = rawSignal({ fingerprint: 's', kind: 'security.test.seen' })
      await ingest.takeRecords(from, frame('security', 1, signalRecord(security)))
      await ingest.takeRecords(from, frame('signals', 1, signalRecord(stays), signalRecord(ends)))
      await ingest.takeRecords(from, frame('signals', 3, standing(stays, begins)))
      const found = (await signals()).filter(({ origin }) => origin === 'standing')
      expect(found.map(({ fingerprint, state }) => [fingerprint, state])).toEqual([
        ['c', 'raised'],
        ['b', 'cleared'],
      ])
      expect(found[0]?.id).toBe(begins.id)
      const now = await store.db.selectFrom('conditions').select('fingerprint').orderBy('fingerprint').execute()
      expect(now.map(({ fingerprint }) => fingerprint)).toEqual(['a', 'c', 's'])
    })

    it('sees in a standing record what came just before it in the same commit', async () => {
      const [first, second] = [rawSignal({ fingerprint: 'a' }), rawSignal({ fingerprint: 'b' })]
      await ingest.takeRecords(
        from,
        frame(
          'signals',
          1,
          signalRecord(first),
          signalRecord(second),
          signalRecord({ ...second, id: 'cleared-b-1', state: 'cleared' }),
          standing(first),
        ),
      )
      expect((await signals()).map(({ origin }) => origin)).toEqual(['sent', 'sent', 'sent'])
    })

    it('ignores a signal whose id it has', async () => {
      const found = rawSignal()
      await ingest.takeRecords(from, frame('signals', 1, standing(found), signalRecord(found)))
      expect((await signals()).map(({ id, origin }) => [id, origin])).toEqual([[found.id, 'standing']])
    })

    it('stores text that is hostile to a database', async () => {
      const summary = "nul \0, quote ' and \ud800 alone"
      await ingest.takeRecords(from, frame('signals', 1, signalRecord(rawSignal({ summary, facts: { '\0': '\0\ud800' } }))))
      const [row] = await signals()
      expect(row?.summary).toMatch(/^nul \ufffd, quote ' and . alone$/)
    })

    it('commits many agents’ frames in one transaction', async () => {
      const agents = Array.from({ length: 20 }, (_, index) => ({ ...from, endpointId: `endpoint-${index}` }))
      await Promise.all(agents.map((agent) => ingest.takeRecords(agent, frame('signals', 1, signalRecord(rawSignal())))))
      expect(committed).toHaveLength(1)
      expect(await signals()).toHaveLength(20)
    })

    it('lets a job that breaks the commit harm only itself', async () => {
      const sample = { at: 1, processor: { busyRatio: 0, load1: 0, load5: 0, load15: 0 }, disks: [], networks: [], uptimeSeconds: 1 }
      const memory = { totalBytes: 1, availableBytes: 1, swapTotalBytes: 0, swapUsedBytes: 0 }
      const samples = (at: number) => ({ v: 1, type: 'samples', samples: [{ ...sample, at, memory }] })
      keepers.keepSamples = async (_tx, taken) => {
        if (taken.some(({ columns }) => columns.at.includes(13))) throw new Error('this one breaks')
      }
      const [health, numbers] = await Promise.all([
        ingest.takeRecords({ ...from, endpointId: 'endpoint-2' }, frame('signals', 1, signalRecord(rawSignal()))),
        ingest.takeRecords(from, frame('samples', 1, samples(12), samples(13), samples(14))),
      ])
      expect(health).toEqual({ kind: 'taken', seq: 1, refused: [] })
      expect(numbers).toEqual({ kind: 'taken', seq: 3, refused: [{ seq: 2, reason: 'it could not be stored: this one breaks' }] })
      expect(await ingest.cursors('endpoint-1', epoch)).toEqual({ samples: 3 })
    })

    it('acknowledges nothing when the store is away', async () => {
      const broken = createIngest({
        ...{ time: new FakeTime(), keepers, onCommitted: (each: Committed) => committed.push(each) },
        store: {
          ...store,
          isWell: async () => false,
          capabilities: { ...store.capabilities, putRows: () => Promise.reject(new Error('disk full')) },
        },
      })
      await expect(broken.takeRecords(from, frame('signals', 1, signalRecord(rawSignal())))).rejects.toThrow('disk full')
      expect([await signals(), committed]).toEqual([[], []])
    })

    it('tells how far it is only after what came before, also when that is still on its way to the disk', async () => {
      const taking = ingest.takeRecords(from, frame('signals', 1, signalRecord(rawSignal()), signalRecord(rawSignal())))
      expect(await ingest.cursors('endpoint-1', epoch)).toEqual({ signals: 2 })
      await taking
    })

    it('takes signals of sources and troubles of its own', async () => {
      const signal = {
        kind: 'backup.failed',
        severity: 'high',
        state: 'raised',
        fingerprint: 'f',
        about: 'nas',
        summary: 'no backup',
        facts: {},
      } as const
      const id = await ingest.takeFromSource({ id: 'source-1', organisationId: 'organisation-1' }, signal)
      await ingest.raise({ ...from, kind: 'security.identity.duplicate', severity: 'medium', fingerprint: 'd', summary: 'two', facts: {} })
      expect((await signals()).map(({ origin, source_id, endpoint_id }) => [origin, source_id, endpoint_id])).toEqual([
        ['source', 'source-1', null],
        ['collector', null, 'endpoint-1'],
      ])
      expect((await signals())[0]?.id).toBe(id)
      expect(committed.map(({ hasSecurity }) => hasSecurity)).toEqual([false, true])
    })
  })
}
