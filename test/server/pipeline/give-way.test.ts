import { describe, expect, it } from 'vitest'
import { createGiveWay, type GiveWay } from '../../../server/pipeline/give-way.ts'
import { FakeTime } from '../../support/fake-time.ts'

/** Somebody who goes whenever he is called and may. */
function walker() {
  const time = new FakeTime()
  const ingest = { isBusy: false }
  const load = { isMore: false }
  const gone: number[] = []
  const go = () => {
    if (!way.mayGo()) return
    gone.push(time.monotonic())
    way.went(load.isMore)
  }
  const way: GiveWay = createGiveWay({ time, isBusy: () => ingest.isBusy, again: go })
  return { time, ingest, load, go, gone }
}

describe('who gives way', () => {
  it('goes at once the first time in long, whoever is busy', async () => {
    const { time, ingest, go, gone } = walker()
    go()
    ingest.isBusy = true
    await time.advance(100)
    go()
    expect(gone).toEqual([0, 100])
  })

  it('goes once in 20 ms however often it is asked', async () => {
    const { time, go, gone } = walker()
    for (let asked = 0; asked < 45; asked += 1) {
      go()
      await time.advance(1)
    }
    expect(gone).toEqual([0, 20, 40])
    await time.advance(100)
    expect(gone).toEqual([0, 20, 40, 60])
  })

  it('goes at once after what took longer than 20 ms by itself', async () => {
    const time = new FakeTime()
    const way = createGiveWay({ time, isBusy: () => false, again: () => undefined })
    expect(way.mayGo()).toBe(true)
    await time.advance(30)
    way.went(false)
    expect(way.mayGo()).toBe(true)
    await time.advance(5)
    way.went(false)
    expect(way.mayGo()).toBe(false)
  })

  it('waits no longer than 100 ms for who is busy all the time', async () => {
    const { time, ingest, go, gone } = walker()
    go()
    ingest.isBusy = true
    await time.advance(40)
    go()
    await time.advance(200)
    expect(gone).toEqual([0, 100])
  })

  it('waits for nobody while there is more than it can take at once', async () => {
    const { time, ingest, load, go, gone } = walker()
    ingest.isBusy = true
    load.isMore = true
    go()
    load.isMore = false
    go()
    await time.advance(20)
    expect(gone).toEqual([0, 20])
    go()
    await time.advance(100)
    expect(gone).toEqual([0, 20, 120])
  })

  it('goes soon after the way is free', async () => {
    const { time, ingest, go, gone } = walker()
    go()
    ingest.isBusy = true
    go()
    await time.advance(31)
    ingest.isBusy = false
    await time.advance(50)
    expect(gone).toEqual([0, 35])
  })
})
