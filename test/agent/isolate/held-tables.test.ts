import { beforeEach, describe, expect, it } from 'vitest'
import { HeldTables } from '../../../agent/isolate/firewalls/held-tables.ts'
import { NftShell } from '../../../agent/isolate/firewalls/nft-shell.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { type NftChild, nftChild } from './nft-child.ts'

let child: NftChild
let time: FakeTime
let held: HeldTables
beforeEach(() => {
  child = nftChild()
  time = new FakeTime()
  held = new HeldTables(new NftShell(child.host, time))
})

describe('the second copy', () => {
  it('is put as one line, and put anew by its own child in one line as well', async () => {
    await held.put('create a\n')
    await held.put('create b\n')
    expect(child.said).toEqual([
      'create a;',
      'delete table inet tierline_held;delete table bridge tierline_held;delete table netdev tierline_held;create b;',
    ])
    expect([child.begun.length, held.isHolding]).toEqual([1, true])
  })

  it('that nft doesn’t take is no copy: its child is ended', async () => {
    child.complaint = 'Error: Operation not permitted'
    await expect(held.put('create a\n')).rejects.toThrow("can't be held: Error: Operation not permitted")
    expect([held.isHolding, child.ended]).toEqual([false, [true]])
  })

  it('of which nft says nothing is none either', async () => {
    child.isSilent = true
    const putting = expect(held.put('create a\n')).rejects.toThrow("can't be held")
    await time.advance(0)
    await time.advance(500)
    await putting
    expect(held.isHolding).toBe(false)
  })

  it('that is lost with its child is told', async () => {
    const lost: true[] = []
    held.onLost(() => void lost.push(true))
    await held.put('create a\n')
    child.begun[0]?.onEnd('nft ended with code 9')
    expect([held.isHolding, lost]).toEqual([false, [true]])
  })
})
