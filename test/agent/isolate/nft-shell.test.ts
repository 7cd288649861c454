import { beforeEach, describe, expect, it } from 'vitest'
import { NftShell } from '../../../agent/isolate/firewalls/nft-shell.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { type NftChild, nftChild } from './nft-child.ts'

let child: NftChild
let time: FakeTime
let shell: NftShell
beforeEach(() => {
  child = nftChild()
  time = new FakeTime()
  shell = new NftShell(child.host, time)
})

describe('an nft that is kept ready', () => {
  it('takes a transaction as one line, and says what became of it', async () => {
    shell.keepReady()
    expect(await shell.run('create a\ncreate b\n')).toMatchObject({ kind: 'ended', code: 0 })
    child.complaint = 'Error: Could not process rule: File exists'
    expect(await shell.run('create a\n')).toMatchObject({ kind: 'ended', code: 1, stderr: expect.stringContaining('File exists') })
    child.complaint = undefined
    expect(await shell.run('create c\n')).toMatchObject({ code: 0 })
    expect(child.said).toEqual(['create a;create b;', 'create a;', 'create c;'])
    expect(child.begun).toHaveLength(1)
  })

  it('is no answer where there is none, and where it doesn’t give one', async () => {
    expect(await shell.run('create a\n')).toBeUndefined()
    shell.keepReady()
    await shell.run('')
    child.isSilent = true
    const answer = shell.run('create a\n')
    await time.advance(0)
    await time.advance(500)
    expect(await answer).toBeUndefined()
    expect([shell.isThere, child.ended]).toEqual([false, [true]])
    expect(await shell.run('create a\n')).toBeUndefined()
  })

  it('is begun again when it ends, later and later where it ends at once, and not once it is not wanted', async () => {
    const lost: true[] = []
    shell.onLost(() => void lost.push(true))
    shell.keepReady()
    const begunAfter = async (ms: number): Promise<number> => {
      child.begun.at(-1)?.onEnd('nft ended with code 9')
      expect(shell.isThere).toBe(false)
      await time.advance(ms)
      return child.begun.length
    }
    expect(await begunAfter(2_000)).toBe(2)
    expect(await begunAfter(3_999)).toBe(2)
    await time.advance(1)
    expect([child.begun.length, lost.length]).toEqual([3, 2])
    await time.advance(60_000)
    expect(await begunAfter(1_000)).toBe(4)
    await shell.end()
    await time.advance(1_000_000)
    expect([child.begun.length, child.ended.length]).toEqual([4, 1])
  })

  it('answers nobody any more when it ends in the middle', async () => {
    shell.keepReady()
    await shell.run('')
    child.isSilent = true
    const answer = shell.run('create a\n')
    await Promise.resolve()
    child.begun.at(-1)?.onEnd('nft ended with code 9')
    expect(await answer).toBeUndefined()
  })
})
