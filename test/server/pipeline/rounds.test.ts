import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hours, minutes } from '#shared/domain/time.ts'
import { nothingKept, readRules } from '../../../server/pipeline/keep.ts'
import { decide } from '../../../server/pipeline/pipeline.ts'
import { createRounds } from '../../../server/pipeline/rounds.ts'
import { createTurns } from '../../../server/pipeline/turns.ts'
import type { Store } from '../../../server/store/store.ts'
import { type DeskRoom, openDeskRoom, putSignals } from '../../support/desk-room.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { letMachinesBeLoud } from '../../support/loud-machines.ts'

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom()
  await letMachinesBeLoud(room)
})
afterEach(() => room.close())

const security = { kind: 'security.other', severity: 'high', state: 'happened' } as const
const disks = (count: number) => Array.from({ length: count }, (_, index) => ({ endpointId: 'srv', fingerprint: `disk:${index}` }))
const tickets = () =>
  room.store.db.selectFrom('tickets').select(['kind', 'number', 'occurrences', 'rule', 'team']).orderBy('number').execute()
const kinds = async () => (await tickets()).map(({ kind }) => kind)
const put = (...signals: Parameters<typeof putSignals>[1]) => putSignals(room.store, signals, room.time.now())

describe('beside a busy ingest', () => {
  beforeEach(async () => {
    await room.signals({ endpointId: 'ws' })
    room.isIngestBusy = true
  })

  it('health waits, but never more than 100 ms', async () => {
    await put(...disks(1))
    room.pipeline.nudge(false)
    await room.time.advance(90)
    expect(await tickets()).toHaveLength(1)
    await room.time.advance(10)
    await expect.poll(tickets).toHaveLength(2)
  })

  it('health goes on as soon as ingest has nothing to do', async () => {
    await put(...disks(1))
    room.pipeline.nudge(false)
    await room.time.advance(30)
    room.isIngestBusy = false
    await room.time.advance(5)
    await expect.poll(tickets).toHaveLength(2)
  })

  it('security waits for nothing, also when health is waiting already', async () => {
    await put(...disks(1))
    room.pipeline.nudge(false)
    await room.time.advance(1)
    await put(security)
    room.pipeline.nudge(true)
    await expect.poll(kinds).toEqual(['health.disk.full', 'security.other'])
    expect(room.time.monotonic()).toBe(1)
    await room.time.advance(100)
    await expect.poll(tickets).toHaveLength(3)
  })
})

/** Time in which every look at the clock takes a millisecond: deciding is slow. */
class SlowTime extends FakeTime {
  #looks = 0
  override monotonic(): number {
    return super.monotonic() + ++this.#looks
  }
}

/** Rounds of their own on the room's store, which say which tables they asked. */
function roundsOf({ time = new FakeTime() }: { time?: FakeTime } = {}) {
  const asked: string[] = []
  const { store } = room
  const deskReader = new Proxy(store.deskReader, {
    get: (target, name) => {
      if (name === 'selectNoFrom') return target.selectNoFrom.bind(target)
      if (name !== 'selectFrom') return Reflect.get(target, name, target) as unknown
      return (table: 'signals') => {
        asked.push(table)
        return target.selectFrom(table)
      }
    },
  })
  const watched: Store = { ...store, deskReader }
  const needs = {
    store: watched,
    time,
    log: pino({ level: 'silent' }),
    turns: createTurns(store.db),
    decide,
    rules: readRules(room.matrices.rules.matrix),
  }
  const rounds = createRounds({
    ...needs,
    isBusy: () => false,
    again: () => undefined,
    hasGivenChance: () => true,
    afterCommit: (kept) => expect(kept).not.toBe(nothingKept),
  })
  return { rounds, asked }
}

describe('rounds that are behind', () => {
  it('handle each signal once and in order, whatever comes in between', async () => {
    const { rounds } = roundsOf()
    await rounds.run()
    const same = (count: number) => Array.from({ length: count }, () => ({ endpointId: 'srv', fingerprint: 'disk:same' }))
    await put(...same(6_000))
    rounds.finish()
    for (let round = 0; round < 3; round += 1) expect(await rounds.run()).toBe(true)
    await put(security, ...same(500))
    rounds.hurry()
    while (await rounds.run());
    expect(await tickets()).toMatchObject([{ occurrences: 6_500 }, { kind: 'security.other', occurrences: 1 }])
  })

  it('go on with what is there when what was read ahead could not be kept', async () => {
    const { rounds } = roundsOf()
    await rounds.run()
    await put(...disks(900))
    rounds.finish()
    for (let round = 0; round < 2; round += 1) expect(await rounds.run()).toBe(true)
    const elsewhere = await room.store.db.selectFrom('signals').select('id').where('fingerprint', '=', 'disk:700').executeTakeFirstOrThrow()
    await room.store.db.updateTable('signals').set({ handled_at: 1, outcome: 'record' }).where('id', '=', elsewhere.id).execute()
    const finish = async () => {
      while (await rounds.run());
    }
    await expect(finish()).rejects.toThrow('A signal was handled before.')
    await finish()
    const unhandled = room.store.db.selectFrom('signals').select('id').where('handled_at', 'is', null)
    expect(await unhandled.execute()).toEqual([])
    expect((await kinds()).filter((kind) => kind === 'health.disk.full')).toHaveLength(899)
  })
})

describe('a round', () => {
  it('asks for security, results and expired commands once, and again only when told of some', async () => {
    const { rounds, asked } = roundsOf()
    expect(await rounds.run()).toBe(true)
    expect(asked).toEqual(['signals', 'command_results', 'commands'])
    await put(...disks(3))
    expect(await rounds.run()).toBe(false)
    // What came of their kind lately, the tickets over it, and what is open on their machines.
    const among = ['tickets', 'tickets', 'tickets']
    const suppression = ['maintenance_windows', 'noise_exceptions']
    const roster = ['people', 'shifts', 'rotations', 'on_call_overrides', 'absences']
    expect(asked.slice(3)).toEqual(['signals', 'endpoints', 'tickets', ...suppression, ...among, 'receivers', ...roster])
    rounds.hurry()
    expect(await rounds.run()).toBe(true)
    expect(asked.slice(9 + among.length + roster.length)).toEqual(['signals', 'command_results', 'commands'])
    expect(await tickets()).toHaveLength(3)
  })

  it('takes many at once, and keeps what it had decided when security comes in the middle', async () => {
    const { rounds } = roundsOf({ time: new SlowTime() })
    await rounds.run()
    await put(...disks(400))
    const running = rounds.run()
    const coming = put(security)
    rounds.hurry()
    expect(await running).toBe(true)
    await coming
    const decided = (await tickets()).length
    expect(decided).toBeGreaterThan(0)
    expect(decided).toBeLessThan(400)
    rounds.finish()
    while (await rounds.run());
    const all = await tickets()
    expect(all).toHaveLength(401)
    expect(all.findIndex(({ kind }) => kind === 'security.other')).toBe(decided)
  })

  it('that fails is halved until what fails stands alone', async () => {
    await room.store.db.schema.createIndex('one_bad_title').on('tickets').column('title').unique().execute()
    const twins = [10, 50].map((place) => [place, { endpointId: 'srv', fingerprint: `twin:${place}`, summary: 'the same' }] as const)
    const signals = disks(64).map((signal, index) => ({ ...signal, summary: `disk ${index}` }))
    await put(...signals.map((signal, index) => twins.find(([place]) => place === index)?.[1] ?? signal))
    await room.pipeline.idle()
    expect((await kinds()).filter((kind) => kind === 'health.disk.full')).toHaveLength(63)
    expect(await kinds()).toContain('system.pipeline.signal-put-aside')
  })
})

it('tells a condition that comes and goes within one round by its first times and round numbers, and counts the rest', async () => {
  const flapping = Array.from({ length: 60 }, (_, index) => ({ endpointId: 'srv', state: index % 2 === 0 ? 'raised' : 'cleared' }) as const)
  await room.signals(...flapping)
  expect(await tickets()).toMatchObject([{ occurrences: 30 }])
  const said = await room.store.db
    .selectFrom('timeline')
    .select(['kind', 'body'])
    .where('kind', 'in', ['signal-joined', 'signal-cleared'])
    .orderBy('id')
    .execute()
  const again = said.flatMap(({ kind, body }) =>
    kind === 'signal-joined' ? (JSON.parse(body) as { occurrences: number }).occurrences : [],
  )
  expect(again).toEqual([2, 3, 4, 5, 10, 20])
  expect(said.at(-1)?.kind).toBe('signal-cleared')
  expect(await room.store.db.selectFrom('tickets').select(['is_standing', 'version']).execute()).toEqual([{ is_standing: 0, version: 1 }])
})

describe('stale commands', () => {
  const stale = (count: number) =>
    Array.from(
      { length: count },
      () => ({ kind: 'security.command.stale', severity: 'info', state: 'happened', endpointId: 'srv' }) as const,
    )
  const said = async () =>
    (await room.store.db.selectFrom('signals').select(['endpoint_id', 'severity']).where('origin', '=', 'collector').execute()).map(
      ({ endpoint_id, severity }) => [endpoint_id, severity],
    )

  it('are a ticket for the admins once there are 20 of one machine within an hour, said once an hour', async () => {
    await room.signals(...stale(19), ...stale(10).map((signal) => ({ ...signal, endpointId: 'ws' })))
    room.time.jump(minutes(50))
    await room.signals({ endpointId: 'core' })
    expect(await kinds()).toEqual(['health.disk.full'])
    await room.signals(...stale(1))
    expect(await said()).toEqual([['srv', 'medium']])
    expect((await tickets()).at(-1)).toMatchObject({
      kind: 'security.command.stale',
      rule: 'command-stale-often',
      team: 'admin',
      occurrences: 1,
    })
    await room.signals(...stale(30))
    expect(await said()).toHaveLength(1)
    room.time.jump(hours(1))
    await room.signals(...stale(1))
    expect(await said()).toHaveLength(1)
    await room.signals(...stale(19))
    expect(await said()).toHaveLength(2)
    expect((await tickets()).at(-1)).toMatchObject({ rule: 'command-stale-often', occurrences: 2 })
  })

  it('spread over more than an hour are usual', async () => {
    for (const _ of [1, 2, 3]) {
      await room.signals(...stale(9))
      room.time.jump(minutes(31))
    }
    expect(await said()).toEqual([])
  })
})
