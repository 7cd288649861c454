import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { unawaited } from '#shared/domain/unawaited.ts'
import { Baselines } from '../../agent/isolate/baselines.ts'
import { FakeTime } from '../support/fake-time.ts'

it('what fails with nobody waiting is logged once, and ends nothing', async () => {
  const said: unknown[] = []
  unawaited(Promise.reject(new Error('no disk')), { error: (...line: unknown[]) => void said.push(line) }, 'it could not be kept')
  unawaited(Promise.resolve('done'), { error: (...line: unknown[]) => void said.push(line) }, 'it could not be kept')
  await setImmediate()
  expect(said).toEqual([[{ reason: 'no disk' }, 'it could not be kept']])
})

it('who answers here is asked again after it could not be', async () => {
  const time = new FakeTime()
  let asked = 0
  const findPlaces = async () => {
    asked += 1
    throw new Error('EMFILE')
  }
  const baselines = new Baselines({ findPlaces, time })
  baselines.keepWarm()
  await time.advance(0)
  await time.advance(5_000)
  baselines.stop()
  expect([asked, baselines.fresh()]).toEqual([2, []])
})
