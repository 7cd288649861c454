import { pino } from 'pino'
import { expect, it, vi } from 'vitest'
import { days, hours } from '#shared/domain/time.ts'
import { createAudit } from '../../../server/audit/audit.ts'
import { startRetention } from '../../../server/desk/retention.ts'
import { createTurns } from '../../../server/pipeline/turns.ts'
import type { Store } from '../../../server/store/store.ts'
import { startTestCollector } from '../../support/collector.ts'
import { openDeskRoom, signalRow } from '../../support/desk-room.ts'
import { FakeTime } from '../../support/fake-time.ts'

/* A whole collector ends what is over by itself; not on the word of a clock that leapt. */
const soon = { timeout: 20_000 }

async function heard(store: Store, organisationId: string, id: string, at: number): Promise<void> {
  const row = { ...signalRow({ id, endpointId: null, organisationId }, at), handled_at: at, outcome: 'record' as const }
  await store.db.transaction().execute((tx) => store.capabilities.putRows(tx, 'signals', [row], 'ignore'))
}

async function left({ db }: Store): Promise<string[]> {
  const rows = await db.selectFrom('signals').select('id').where('id', 'in', ['old', 'young']).orderBy('id').execute()
  return rows.map(({ id }) => id)
}

// Six hours of all that a collector does by the clock.
it('ends what is over every six hours', { timeout: 90_000 }, async () => {
  const time = new FakeTime()
  await using collector = await startTestCollector({ time, log: pino({ level: 'silent' }) })
  const { store, organisationId } = collector
  await heard(store, organisationId, 'old', time.now() - days(401))
  await heard(store, organisationId, 'young', time.now() - days(399))
  await time.advance(hours(6) + 1)
  await vi.waitFor(async () => expect(await left(store)).toEqual(['young']), soon)
})

it('waits for the next time where the clock has leapt', { timeout: 60_000 }, async () => {
  const room = await openDeskRoom({})
  const [time, said]: [FakeTime, string[]] = [new FakeTime(), []]
  const { store } = room
  const log = pino({ level: 'error' }, { write: (line) => void said.push(line) })
  const stop = startRetention({ store, time, log, audit: createAudit({ time }), turns: createTurns(store.db) })
  try {
    await heard(store, 'acme', 'young', time.now())
    time.jump(days(500))
    await heard(store, 'acme', 'old', time.now() - days(401))
    await time.advance(hours(6) + 1)
    await vi.waitFor(() => expect(said.join('')).toContain('the clock is a day further'), soon)
    expect(await left(store)).toEqual(['old', 'young'])
    await vi.waitFor(async () => {
      await time.advance(hours(6) + 1)
      expect(await left(store)).toEqual([])
    }, soon)
  } finally {
    await stop()
    await room.close()
  }
})
