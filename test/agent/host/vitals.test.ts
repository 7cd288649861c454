import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createVitals } from '../../../agent/host/vitals.ts'
import { systemTime } from '../../../agent/system-time.ts'

let room: string
const vitals = createVitals(systemTime)

beforeAll(() => {
  room = mkdtempSync(join(tmpdir(), 'vitals-'))
})
afterAll(() => rmSync(room, { recursive: true, force: true }))

describe('what health detectors read', () => {
  it('is an ordinary file, at the end of a link too', async () => {
    writeFileSync(join(room, 'a.pem'), 'text')
    symlinkSync('a.pem', join(room, 'live.pem'))
    expect((await vitals.file(join(room, 'live.pem')))?.text).toBe('text')
    expect((await vitals.file(join(room, 'a.pem')))?.changedAt).toBeGreaterThan(0)
  })

  it('is nothing where a pipe, a device, a folder or a circle of links stands, and nobody waits', async () => {
    execFileSync('mkfifo', [join(room, 'pipe')])
    mkdirSync(join(room, 'folder'))
    symlinkSync('ring-b', join(room, 'ring-a'))
    symlinkSync('ring-a', join(room, 'ring-b'))
    symlinkSync('/dev/zero', join(room, 'device'))
    for (const name of ['pipe', 'folder', 'ring-a', 'device', 'missing']) expect(await vitals.file(join(room, name)), name).toBeUndefined()
    expect(await vitals.names(join(room, 'ring-a'))).toEqual([])
    expect(await vitals.names(join(room, 'pipe'))).toEqual([])
  })

  it('is cut where it is endless', async () => {
    writeFileSync(join(room, 'huge'), Buffer.alloc(3_000_000, 65))
    expect((await vitals.file(join(room, 'huge')))?.text).toHaveLength(1_048_576)
  })

  it('and a program that is not there is said to be so', async () => {
    const answer = await createVitals(systemTime).ask('smartctl', ['--version'])
    expect(['known', 'unsupported']).toContain(answer.kind)
    if (answer.kind === 'unsupported') expect(answer.reason).toBe("smartctl can't be asked (ENOENT)")
  })
})
