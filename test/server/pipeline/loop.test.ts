import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { createLoops } from '../../../server/pipeline/loop.ts'
import { FakeTime } from '../../support/fake-time.ts'

function loopOf(round: () => Promise<boolean>) {
  const time = new FakeTime()
  const lines: string[] = []
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) })
  return { time, lines, loop: createLoops({ time, log })('test', round) }
}

describe('a loop', () => {
  it('runs round after round until there is no more, one at a time', async () => {
    let left = 3
    let running = 0
    const { loop } = loopOf(async () => {
      expect(++running).toBe(1)
      await new Promise((done) => setImmediate(done))
      running -= 1
      left -= 1
      return left > 0
    })
    loop.nudge()
    loop.nudge()
    await loop.idle()
    expect(left).toBeLessThanOrEqual(0)
  })

  it('tries again what failed, says it once however many nudged, and lets who waits know', async () => {
    let tries = 0
    const { loop, time, lines } = loopOf(async () => {
      tries += 1
      if (tries === 1) throw new Error('the database is away')
      return false
    })
    loop.nudge()
    loop.nudge()
    await expect(loop.idle()).rejects.toThrow('the database is away')
    expect(lines).toHaveLength(1)
    await time.advance(1_000)
    expect(tries).toBe(2)
  })

  it('stops after the round that runs, and begins none', async () => {
    let rounds = 0
    const { loop, time } = loopOf(async () => {
      rounds += 1
      return true
    })
    loop.nudge()
    await loop.stop()
    const before = rounds
    loop.nudge()
    await time.advance(10_000)
    expect(rounds).toBe(before)
  })
})
