import { expect, it } from 'vitest'
import { startRounds } from '../../../agent/sense/rounds.ts'
import { FakeTime } from '../../support/fake-time.ts'

it('runs once more when it is asked while it runs, because that one may have looked already', async () => {
  const time = new FakeTime()
  const ends: (() => void)[] = []
  const rounds = startRounds({
    ...{ time, every: () => 60_000, firstAfterMs: 0, deadlineMs: 10_000, jitter: 0, random: () => 0 },
    run: () => new Promise((resolve) => ends.push(resolve)),
    onWorked: () => undefined,
    onFailed: () => undefined,
  })
  await time.advance(0)
  rounds.soon()
  rounds.soon()
  expect(ends).toHaveLength(1)
  ends[0]?.()
  await time.advance(0)
  expect(ends).toHaveLength(2)
  ends[1]?.()
  await time.advance(1_000)
  expect(ends).toHaveLength(2)
  await rounds.stop()
})
