import { expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { Backpressure, Share } from '../../../server/wire/backpressure.ts'
import { Inbox } from '../../../server/wire/inbox.ts'
import { Patience } from '../../../server/wire/patience.ts'
import { FakeTime } from '../../support/fake-time.ts'

it('is soon tired of refusals, and after a hundred reads no faster than a hundred a second', async () => {
  const time = new FakeTime()
  const patience = new Patience(time)
  const tire = (endpointId: string, refused: number, bytes = 0): [isTired: boolean, pauseMs: number] => {
    patience.tire(endpointId, { refused, bytes })
    return [patience.isTired(endpointId), patience.pauseMs(endpointId)]
  }
  expect([patience.isTired('nobody'), patience.pauseMs('nobody')]).toEqual([false, 0])
  expect(tire('honest', 1)).toEqual([true, 0])
  expect(tire('mad', 200)).toEqual([true, seconds(1)])
  expect(tire('mad', 9_999)).toEqual([true, seconds(10)])
  expect(tire('fat', 1, 8_192 * 200)).toEqual([true, seconds(1)])
  await time.advance(seconds(1))
  expect(tire('fat', 1)).toEqual([true, 10])
  await time.advance(seconds(9))
  expect(['honest', 'fat', 'mad'].map((who) => patience.isTired(who))).toEqual([false, true, true])
  await time.advance(seconds(300))
  expect(patience.isTired('mad')).toBe(false)
})

it('reads of all of them together for a millisecond, and rests for many times as long as it took', async () => {
  const time = new FakeTime()
  const patience = new Patience(time)
  const reads: [who: string, at: number][] = []
  const read = (who: string, tookMs: number) => () => {
    reads.push([who, time.monotonic()])
    void time.advance(tookMs)
  }
  patience.inTurn(read('a', 10))
  patience.inTurn(read('b', 0.5))
  patience.inTurn(read('c', 0.5))
  patience.inTurn(read('d', 1))
  await time.advance(seconds(1))
  expect(reads).toEqual([
    ['a', 0],
    ['b', 250],
    ['c', 250.5],
    ['d', 275],
  ])
})

it('reads what has come in its order, frame by frame, and nothing more meanwhile', async () => {
  const time = new FakeTime()
  const patience = new Patience(time)
  const done: string[] = []
  const socket = { pause: () => void done.push('pause'), resume: () => void done.push('resume') }
  const share = new Share(new Backpressure(() => 0), socket)
  const inbox = new Inbox({ patience, time, share }, 'mad', (data) => void done.push(String(data)))
  patience.tire('mad', { refused: 300, bytes: 0 })
  for (const text of ['one', 'two']) inbox.add(Buffer.from(text), false)
  await time.advance(seconds(2) - 1)
  expect(done).toEqual(['pause'])
  share.began(3_000_000)
  await time.advance(60)
  expect([done, inbox.isEmpty]).toEqual([['pause', 'one', 'two'], true])
  share.ended(3_000_000)
  expect(done.at(-1)).toBe('resume')
  inbox.add(Buffer.from('three'), false)
  inbox.empty()
  await time.advance(100)
  expect(done).not.toContain('three')
})
