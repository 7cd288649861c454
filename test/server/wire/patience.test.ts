import { expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { Backpressure, Share } from '../../../server/wire/backpressure.ts'
import { Patience } from '../../../server/wire/patience.ts'
import { FakeTime } from '../../support/fake-time.ts'

it('forgives some refusals at once, then reads no faster than a hundred of them a second', () => {
  const patience = new Patience()
  const tire = (endpointId: string, refused: number, now: number, bytes = 0) => patience.tire(endpointId, { refused, bytes }, now)
  expect(tire('mad', 500, 0)).toBe(0)
  expect(tire('mad', 100, 0)).toBe(seconds(1))
  expect(tire('mad', 1, seconds(1))).toBe(10)
  expect(tire('mad', 9_999, seconds(1))).toBe(seconds(10))
  expect(tire('honest', 1, 0)).toBe(0)
  expect(tire('fat', 1, 0, 8_192 * 600)).toBe(seconds(1))
})

it('reads a socket again after its time, or when what waited is on disk, whichever is later', async () => {
  const time = new FakeTime()
  const done: string[] = []
  const socket = { pause: () => void done.push('pause'), resume: () => void done.push('resume') }
  const share = new Share(new Backpressure(() => 0), socket)
  share.holdFor(seconds(2), time)
  share.holdFor(seconds(3), time)
  share.began(3_000_000)
  await time.advance(seconds(2))
  expect(done).toEqual(['pause'])
  await time.advance(seconds(1))
  expect(done).toEqual(['pause'])
  share.ended(3_000_000)
  expect(done).toEqual(['pause', 'resume'])
})
