import { describe, expect, it } from 'vitest'
import { isOwnAddress } from '../../../server/notify/addresses.ts'
import { createPost } from '../../../server/notify/post.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { startListener } from '../../support/listener.ts'

describe('an address of the collector itself', () => {
  const post = (url: string, mayCall: string[] = []) =>
    createPost({ time: new FakeTime(), mayCall })(url, { headers: {}, body: '{}' }, new AbortController().signal)

  it.each([
    'http://127.0.0.1:1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://0.0.0.0/',
  ])('%s is not called', async (url) =>
    expect(await post(url)).toMatchObject({ kind: 'failed', isRetryable: false, reason: expect.stringContaining('--may-call') }),
  )

  it('is found behind a name, too', async () => {
    await using listener = await startListener()
    const { port } = new URL(listener.url)
    expect(await post(`http://localhost:${port}/`)).toMatchObject({ reason: expect.stringContaining('--may-call') })
    expect(listener.posts).toEqual([])
    expect(await post(listener.url, ['127.0.0.1'])).toEqual({ kind: 'delivered' })
  })

  it.each(['169.254.169.254', 'fe80::1', 'fd00:ec2::254', '100.100.100.200', '64:ff9b::7f00:1', '::'])('%s is one', (address) =>
    expect(isOwnAddress(address)).toBe(true),
  )
  it.each(['10.0.0.5', '192.168.1.1', '93.184.216.34', '2001:db8::1'])('%s is none', (address) => expect(isOwnAddress(address)).toBe(false))
})
