import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { ceilingBytes, untilOverCeiling } from '../../agent/ceiling.ts'
import { FakeTime } from '../support/fake-time.ts'

describe('the ceiling of memory', () => {
  it('is passed by what stays above it for a minute, and by no burst', async () => {
    const time = new FakeTime()
    let held = ceilingBytes + 1
    let passed: number | undefined
    const { over } = untilOverCeiling(() => held, time)
    void over.then((bytes) => {
      passed = bytes
    })
    await time.advance(seconds(45))
    held = ceilingBytes
    await time.advance(seconds(20))
    held = ceilingBytes + 7
    await time.advance(seconds(45))
    expect(passed).toBeUndefined()
    await time.advance(seconds(20))
    expect(passed).toBe(ceilingBytes + 7)
  })

  it.skipIf(process.platform === 'win32')('is answered by beginning anew in the same place', () => {
    const child = join(import.meta.dirname, 'begin-anew-once.ts')
    const said = execFileSync(process.execPath, [child, 'with this'], { encoding: 'utf8' }).trim().split('\n')
    expect(said).toHaveLength(2)
    expect(said[1]).toBe(said[0])
    expect(said[0]).toMatch(/^\d+ with this$/)
  })
})
