import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { days, hours } from '#shared/domain/time.ts'
import { startTestCollector, type TestCollector } from '../../support/collector.ts'
import { signalRow } from '../../support/desk-room.ts'
import { FakeTime } from '../../support/fake-time.ts'

/* A whole collector ends what is over by itself; not on the word of a clock that leapt. */
let time: FakeTime
let collector: TestCollector
let said: string[]
beforeEach(async () => {
  time = new FakeTime()
  said = []
  collector = await startTestCollector({ time, log: pino({ level: 'error' }, { write: (line) => void said.push(line) }) })
})
afterEach(() => collector[Symbol.asyncDispose]())

async function heard(id: string, at: number): Promise<void> {
  const { store, organisationId } = collector
  const row = { ...signalRow({ id, endpointId: null, organisationId }, at), handled_at: at, outcome: 'record' as const }
  await store.db.transaction().execute((tx) => store.capabilities.putRows(tx, 'signals', [row], 'ignore'))
}
const left = async () =>
  (await collector.store.db.selectFrom('signals').select('id').where('id', 'in', ['old', 'young']).orderBy('id').execute()).map(
    ({ id }) => id,
  )

it('ends what is over every six hours', async () => {
  await heard('old', time.now() - days(401))
  await heard('young', time.now() - days(399))
  await time.advance(hours(6) + 1)
  await vi.waitFor(async () => expect(await left()).toEqual(['young']), 10_000)
})

it('waits for the next time where the clock has leapt', async () => {
  await heard('young', time.now())
  time.jump(days(500))
  await heard('old', time.now() - days(401))
  await time.advance(hours(6) + 1)
  await vi.waitFor(() => expect(said.join('')).toContain('the clock is a day further'), 10_000)
  expect(await left()).toEqual(['old', 'young'])
  await vi.waitFor(async () => {
    await time.advance(hours(6) + 1)
    expect(await left()).toEqual([])
  }, 10_000)
})
