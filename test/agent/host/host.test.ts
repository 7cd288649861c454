import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { createHost } from '../../../agent/host/host.ts'
import { systemTime } from '../../../agent/system-time.ts'

const { run } = createHost(systemTime)
const soon = { timeoutMs: 5_000 }

async function whoLeavesBehind(script: string, timeoutMs: number) {
  const startedAt = performance.now()
  const ended = await run('sh', ['-c', script], { timeoutMs })
  return { pid: ended.kind === 'ended' ? Number.parseInt(ended.stdout, 10) : undefined, tookMs: performance.now() - startedAt }
}

describe.skipIf(process.platform === 'win32')('running a program', () => {
  it('hands over stdin, and answers the code and what was printed', async () => {
    expect(await run('cat', [], { ...soon, stdin: 'hello' })).toEqual({ kind: 'ended', code: 0, stdout: 'hello', stderr: '' })
    expect(await run('ls', ['/nowhere-at-all'], soon)).toMatchObject({ kind: 'ended', stderr: expect.stringContaining('No such file') })
  })

  it('never asks a shell', async () => {
    expect(await run('echo', ['$HOME; id', '&& ls'], soon)).toMatchObject({ stdout: '$HOME; id && ls\n' })
  })

  it('says when there is no such program', async () => {
    expect(await run('no-such-program', [], soon)).toEqual({ kind: 'missing', program: 'no-such-program' })
  })

  it('kills one that hangs', async () => {
    expect(await run('sleep', ['60'], { timeoutMs: 100 })).toEqual({ kind: 'timed-out', program: 'sleep', timeoutMs: 100 })
  })

  it('kills what it started along with it', async () => {
    const { pid } = await whoLeavesBehind('sleep 61 & echo $!; wait', 300)
    expect(pid).toBeUndefined()
    expect(() => execFileSync('pgrep', ['-f', '^sleep 61$'])).toThrow()
  })

  it('waits for nobody who was left running with its output open', async () => {
    const { pid, tookMs } = await whoLeavesBehind('sleep 62 & echo $!', 5_000)
    expect(tookMs).toBeLessThan(2_000)
    // A service that it started goes on.
    if (pid !== undefined) process.kill(pid)
  })

  it('hears out what a helper of it still says after its end', async () => {
    const script = '(for n in 1 2 3 4; do sleep 0.3; echo $n; done) & exit 3'
    expect(await run('sh', ['-c', script], soon)).toEqual({ kind: 'ended', code: 3, stdout: '1\n2\n3\n4\n', stderr: '' })
  })

  it('does not wait for ever for a service that goes on speaking', async () => {
    const { pid, tookMs } = await whoLeavesBehind("sh -c 'echo $$; while sleep 0.1; do echo; done' &", 5_000)
    expect(tookMs).toBeLessThan(8_000)
    process.kill(pid ?? -1)
  }, 10_000)

  it('outlives one that does not read its stdin', async () => {
    expect(await run('true', [], { ...soon, stdin: 'x'.repeat(1_000_000) })).toMatchObject({ kind: 'ended', code: 0 })
  })

  it('gives it a fixed environment, whatever ours is', async () => {
    expect(await run('env', [], soon)).toMatchObject({ stdout: 'PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\n' })
  })
})
