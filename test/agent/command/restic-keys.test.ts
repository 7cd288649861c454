import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBackups } from '../../../agent/command/backups.ts'
import { openRestic, readSettings } from '../../../agent/command/restic.ts'
import { createHost, type Host } from '../../../agent/host/host.ts'
import { systemTime } from '../../../agent/system-time.ts'
import { type S3Server, startS3 } from '../../support/s3-server.ts'

/* A repository in S3: its keys are on the endpoint only, and go by the environment of restic alone. */
const hasRestic = process.platform === 'linux' && spawnSync('restic', ['version']).status === 0
if (!hasRestic) console.log('A repository in S3 is not tried: this machine has no restic.')
const keys = { AWS_ACCESS_KEY_ID: 'the-access-key', AWS_SECRET_ACCESS_KEY: 'the-secret-key' }

const folder = mkdtempSync(join(tmpdir(), 'tierline-restic-keys-'))
const file = (name: string): string => join(folder, name)
const put = (settings: object, mode = 0o600): void => {
  rmSync(file('restic.json'), { force: true })
  writeFileSync(file('restic.json'), JSON.stringify(settings), { mode })
}
const settings = (repository: string, more: object = {}) => ({
  ...{ repository, passwordFile: file('password'), restoresInto: [folder], environment: keys, ...more },
})
beforeAll(() => writeFileSync(file('password'), 'a password', { mode: 0o600 }))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What restic was started with, and what it would have said. */
function hearing(stderr = ''): { host: Pick<Host, 'run'>; runs: Parameters<Host['run']>[] } {
  const runs: Parameters<Host['run']>[] = []
  const run: Host['run'] = async (...asked) => {
    runs.push(asked)
    return { kind: 'ended', code: stderr === '' ? 0 : 1, stdout: '[]', stderr }
  }
  return { host: { run }, runs }
}

describe('the keys of a repository', () => {
  it('are in the environment of restic, and in no argument', async () => {
    const { host, runs } = hearing()
    await openRestic(host, { repository: 's3:x', passwordFile: '/p', environment: keys }).snapshots()
    expect(runs).toMatchObject([['restic', expect.any(Array), { environment: keys }]])
    expect(JSON.stringify(runs[0]?.[1])).not.toMatch(/the-(access|secret)-key/)
  })

  it('are in no error, whatever the repository repeats', async () => {
    const { host } = hearing('403: the-access-key with the-secret-key at eu-1')
    const restic = openRestic(host, { repository: 's3:x', passwordFile: '/p', environment: { ...keys, AWS_DEFAULT_REGION: 'eu-1' } })
    await expect(restic.snapshots()).rejects.toThrow('403: … with … at eu-1')
  })

  it('have no other names, and stand in a file that nobody else reads', () => {
    for (const name of ['RESTIC_PASSWORD_COMMAND', 'AWS_SHARED_CREDENTIALS_FILE', 'HTTPS_PROXY', 'PATH']) {
      put(settings('s3:x', { environment: { [name]: 'x' } }))
      expect(readSettings(file('restic.json'))).toMatchObject({ kind: 'none', reason: expect.stringContaining(name) })
    }
    put(settings('s3:x'), 0o644)
    expect(readSettings(file('restic.json'))).toMatchObject({ kind: 'none', reason: expect.stringContaining('chmod 600') })
    put(settings('s3:x'))
    expect(readSettings(file('restic.json'))).toMatchObject({ kind: 'settings', settings: { environment: keys } })
  })

  it('are all that a program gets beside the fixed environment, which they can’t replace', async () => {
    const ended = await createHost(systemTime).run('env', [], { environment: { ...keys, PATH: '/elsewhere' }, timeoutMs: 5_000 })
    expect(ended.kind === 'ended' && ended.stdout.trim().split('\n').toSorted()).toEqual([
      ...['AWS_ACCESS_KEY_ID=the-access-key', 'AWS_SECRET_ACCESS_KEY=the-secret-key', 'LC_ALL=C', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
    ])
  })
})

describe.skipIf(!hasRestic)('a repository in S3', { timeout: 60_000 }, () => {
  let s3: S3Server
  beforeAll(async () => {
    s3 = await startS3(keys.AWS_ACCESS_KEY_ID)
  })
  afterAll(() => s3[Symbol.asyncDispose]())

  it('is listed and verified with the keys of this machine', async () => {
    writeFileSync(file('a.txt'), 'as it was')
    const always = [`--repo=${s3.repository}`, `--password-file=${file('password')}`, '--no-cache']
    for (const words of [['init'], ['backup', file('a.txt')]])
      expect(await createHost(systemTime).run('restic', [...always, ...words], { environment: keys, timeoutMs: 30_000 })).toMatchObject({
        code: 0,
      })
    put(settings(s3.repository))
    const opened = openBackups(createHost(systemTime), file('agent'), file('restic.json'))
    if (opened.kind === 'none') throw new Error(opened.reason)
    expect(await opened.backups.verifyNext(5)).toMatchObject({ outcome: 'verified' })
    expect(await opened.backups.list()).toMatchObject([{ paths: [file('a.txt')], verifiedAt: 5 }])
  })
})
