import { beforeEach, describe, expect, it } from 'vitest'
import type { Progress } from '#shared/protocol/messages.ts'
import { LiveLine } from '../../../agent/command/live.ts'
import { FakeTime } from '../../support/fake-time.ts'

let time: FakeTime
let said: Progress[]
let isSent: boolean
let line: LiveLine
beforeEach(() => {
  time = new FakeTime()
  said = []
  isSent = true
  line = new LiveLine('command-1', (frame) => said.push(frame) > 0 && isSent, time)
})

describe('what a command says while it runs', () => {
  it('goes out a few times a second, together', async () => {
    line.output('one ')
    line.output('two')
    line.progress(0.5, 'half')
    expect(said).toEqual([])
    await time.advance(250)
    expect(said).toEqual([{ kind: 'progress', commandId: 'command-1', text: 'one two', done: 0.5, note: 'half' }])
  })

  it('is cut where it is more than a frame holds, and says so', async () => {
    line.output('x'.repeat(10_000))
    await time.advance(250)
    expect(said).toMatchObject([{ isCut: true }])
    expect(said[0]?.text).toHaveLength(8_192)
  })

  it('ends at 64 KiB, which is said once, however much more there is', async () => {
    for (let count = 0; count < 50; count += 1) {
      line.output('y'.repeat(8_000))
      await time.advance(250)
    }
    expect(said.map(({ text = '' }) => text.length).reduce((sum, length) => sum + length, 0)).toBe(65_536)
    expect(said.filter(({ isCut }) => isCut)).toHaveLength(1)
    expect(said.at(-1)).toMatchObject({ isCut: true })
  })

  it('begins a second later where that is mostly over by then, and not at all once it is over', async () => {
    line.begun(1_000)
    await time.advance(999)
    expect(said).toEqual([])
    await time.advance(1)
    expect(said).toEqual([{ kind: 'progress', commandId: 'command-1' }])
    line.begun(1_000)
    line.end()
    await time.advance(5_000)
    expect(said).toHaveLength(1)
  })

  it('that was lost on the way leaves a hole, which the next frame says', async () => {
    isSent = false
    line.output('lost')
    await time.advance(250)
    isSent = true
    line.output('heard')
    line.end()
    expect(said.at(-1)).toMatchObject({ text: 'heard', isCut: true })
  })
})
