import { describe, expect, it } from 'vitest'
import { minutes, seconds } from '#shared/domain/time.ts'
import { CloseCode } from '#shared/protocol/close-codes.ts'
import { defaultCredit, maxFrameBytes } from '#shared/protocol/limits.ts'
import { createAttemptLimit } from '../../../server/wire/attempt-limit.ts'
import { Backpressure, fullBacklog, Share } from '../../../server/wire/backpressure.ts'
import { Pace } from '../../../server/wire/pace.ts'
import { readFrame } from '../../../server/wire/read-frame.ts'
import { FakeTime } from '../../support/fake-time.ts'

describe('pace', () => {
  it('lets a burst pass, and 2,000 frames a second for good', async () => {
    const time = new FakeTime()
    const pace = new Pace({ perSecond: 2_000, atOnce: 4_000 }, time.monotonic())
    const take = () => pace.spend(1, time.monotonic()) === 0
    expect(Array.from({ length: 4_000 }, take).every(Boolean)).toBe(true)
    expect(take()).toBe(false)
    await time.advance(seconds(1))
    expect(Array.from({ length: 2_100 }, take).filter(Boolean).length).toBeGreaterThan(1_990)
    expect(take()).toBe(false)
  })
})

describe('attempts', () => {
  it('slows down an address that fails, and no other', async () => {
    const time = new FakeTime()
    const limit = createAttemptLimit(time)
    for (let count = 0; count < 20; count += 1) limit.failed('192.0.2.1')
    expect([limit.isSpent('192.0.2.1'), limit.isSpent('192.0.2.2')]).toEqual([true, false])
    await time.advance(minutes(1))
    expect(limit.isSpent('192.0.2.1')).toBe(false)
  })

  it('remembers a bounded number of addresses', () => {
    const limit = createAttemptLimit(new FakeTime())
    for (let count = 0; count < 20; count += 1) limit.failed('first')
    for (let count = 0; count < 10_000; count += 1) limit.failed(`address-${count}`)
    expect(limit.isSpent('first')).toBe(false)
  })
})

describe('backpressure', () => {
  const socket = () => {
    const said: string[] = []
    return { said, pause: () => said.push('pause'), resume: () => said.push('resume') }
  }

  it('stops reading a socket whose frames wait for the disk, until they are there', () => {
    const [busy, idle] = [socket(), socket()]
    const backpressure = new Backpressure(() => 0)
    const [share] = [new Share(backpressure, busy), new Share(backpressure, idle)]
    for (let count = 0; count < 3; count += 1) share.began(1_000_000)
    expect(busy.said).toEqual(['pause'])
    share.ended(1_000_000)
    expect([busy.said, idle.said]).toEqual([['pause', 'resume'], []])
  })

  it('bounds what all of them may have waiting', () => {
    const sockets = Array.from({ length: 100 }, socket)
    const backpressure = new Backpressure(() => 0)
    const shares = sockets.map((each) => new Share(backpressure, each))
    for (const share of shares) share.began(2_000_000)
    expect(sockets.filter(({ said }) => said.includes('pause')).length).toBeGreaterThan(30)
  })
})

describe('credit', () => {
  it('falls as memory fills, and comes back with it', () => {
    const backpressure = new Backpressure(() => 0)
    expect(backpressure.credit()).toBe(defaultCredit)
    backpressure.add(67_108_864)
    expect(backpressure.credit()).toBe(defaultCredit / 2)
    backpressure.add(67_108_864)
    expect(backpressure.credit()).toBe(10)
    backpressure.add(-134_217_728)
    expect(backpressure.credit()).toBe(defaultCredit)
  })

  it('falls as signals wait for the pipeline, and so does the pace of acknowledgements', () => {
    let backlog = 10_000
    const backpressure = new Backpressure(() => backlog)
    expect([backpressure.credit(), backpressure.holdMs()]).toEqual([defaultCredit, 0])
    backlog = (10_000 + fullBacklog) / 2
    expect([backpressure.credit(), backpressure.holdMs()]).toEqual([defaultCredit / 2, seconds(2.5)])
    backlog = 10 * fullBacklog
    expect([backpressure.credit(), backpressure.holdMs()]).toEqual([10, seconds(10)])
  })
})

describe('a frame', () => {
  it.each([
    ['not JSON', Buffer.from('{'), false, CloseCode.Malformed, 'the frame is not JSON'],
    ['of no known kind', Buffer.from('{"kind":"exploit"}'), false, CloseCode.Malformed, /^kind: /],
    ['binary', Buffer.from('{}'), true, CloseCode.Malformed, 'the frame is binary'],
    ['too large', Buffer.alloc(maxFrameBytes + 1, ' '), false, CloseCode.TooLarge, /longer than 1048576 bytes/],
  ])('that is %s has a code and a reason', (_what, data, isBinary, code, reason) => {
    expect(readFrame(data, isBinary)).toEqual({ kind: 'objection', code, reason: expect.stringMatching(reason) })
  })

  it('that is deeply nested harms nobody', () => {
    expect(readFrame(Buffer.from('['.repeat(500_000)), false)).toMatchObject({ kind: 'objection' })
  })
})
