import { beforeEach, expect, it } from 'vitest'
import { hours, minutes, seconds } from '#shared/domain/time.ts'
import { type Hearing, watchHearing } from '../../server/hearing.ts'
import { FakeTime } from '../support/fake-time.ts'

let time: FakeTime
let hearing: Hearing
beforeEach(() => {
  time = new FakeTime()
  hearing = watchHearing(time, minutes(1))
})

async function listen(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= minutes(1)) {
    await time.advance(Math.min(left, minutes(1)))
    hearing.look()
  }
}

it('gives agents three minutes from its start', async () => {
  await listen(minutes(2))
  expect(hearing.hasGivenChance()).toBe(false)
  await listen(minutes(1))
  expect(hearing.hasGivenChance()).toBe(true)
})

it.each([
  ['a process that was stopped', () => time.advance(minutes(10))],
  ['a machine that slept', async () => time.jump(hours(8))],
  ['a clock that was set back', async () => time.jump(-hours(1))],
])('gives them anew after %s', async (_what, absence) => {
  await listen(minutes(5))
  await absence()
  expect(hearing.hasGivenChance()).toBe(false)
  await listen(minutes(3))
  expect(hearing.hasGivenChance()).toBe(true)
})

it('takes no absence from a look that is a little late', async () => {
  await listen(minutes(5))
  await time.advance(minutes(1) + seconds(10))
  expect(hearing.hasGivenChance()).toBe(true)
})
