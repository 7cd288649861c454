import { describe, expect, it } from 'vitest'
import { createGiveWay, type GiveWay } from '../../server/give-way.ts'
import { FakeTime } from '../support/fake-time.ts'

/** Somebody who goes whenever he is called and may. */
function walker() {
  const time = new FakeTime()
  const ingest = { isBusy: true }
  const gone: number[] = []
  const go = () => {
    if (!way.mayGo()) return
    gone.push(time.monotonic())
    way.went()
  }
  const way: GiveWay = createGiveWay({ time, isBusy: () => ingest.isBusy, again: go })
  return { time, ingest, go, gone }
}

describe('who gives way', () => {
  it('goes at once while nobody is busy, and also the first time in long', () => {
    const { ingest, go, gone } = walker()
    go()
    ingest.isBusy = false
    go()
    expect(gone).toEqual([0, 0])
  })

  it('waits no longer than 100 ms for who is busy all the time', async () => {
    const { time, go, gone } = walker()
    go()
    await time.advance(40)
    go()
    await time.advance(200)
    expect(gone).toEqual([0, 100])
  })

  it('goes soon after the way is free, however often it asked', async () => {
    const { time, ingest, go, gone } = walker()
    for (const _ of [1, 2, 3]) go()
    await time.advance(20)
    ingest.isBusy = false
    await time.advance(50)
    expect(gone).toEqual([0, 25])
  })
})
