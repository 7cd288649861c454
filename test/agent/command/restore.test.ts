import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import restoreFromBackup from '#shared/commands/restore-from-backup.ts'
import { type Backups, openBackups } from '../../../agent/command/backups.ts'
import { silent } from '../../../agent/command/live.ts'
import { openRestic } from '../../../agent/command/restic.ts'
import { restoreFrom } from '../../../agent/command/restore.ts'
import { createHost, type Host } from '../../../agent/host/host.ts'
import { systemTime } from '../../../agent/system-time.ts'

const hasRestic = process.platform === 'linux' && spawnSync('restic', ['version']).status === 0

let folder: string
let files: string
let data: string
const settings = () => join(folder, 'restic.json')
const restic = (...args: string[]) => {
  const done = spawnSync(
    'restic',
    [`--repo=${join(folder, 'repo')}`, `--password-file=${join(folder, 'password')}`, '--no-cache', ...args],
    { encoding: 'utf8' },
  )
  if (done.status !== 0) throw new Error(done.stderr)
}
const hashes = (top: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(top, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [
        join(entry.parentPath, entry.name),
        createHash('sha256')
          .update(readFileSync(join(entry.parentPath, entry.name)))
          .digest('hex'),
      ]),
  )
const encrypt = (top: string): void => {
  for (const path of Object.keys(hashes(top))) writeFileSync(path, randomBytes(300))
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tierline-restore-'))
  files = join(folder, 'files')
  data = join(folder, 'agent/backups')
  mkdirSync(join(files, 'deep'), { recursive: true })
  for (const name of ['a.txt', 'b [1]*.txt', 'deep/c\nd.txt', 'deep/- o.txt']) writeFileSync(join(files, name), `${name} as it was`)
  writeFileSync(join(folder, 'password'), 'a password', { mode: 0o600 })
  writeFileSync(
    settings(),
    JSON.stringify({ repository: join(folder, 'repo'), passwordFile: join(folder, 'password'), restoresInto: [files] }),
    { mode: 0o600 },
  )
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const opened = (): Backups => {
  const found = openBackups(createHost(systemTime), data, settings())
  if (found.kind === 'none') throw new Error(found.reason)
  return found.backups
}
const watched = { live: silent, time: systemTime }
const args = (more: object = {}) => restoreFromBackup.args.parse({ paths: [files], before: Date.now() + 1_000, ...more })

describe.skipIf(!hasRestic)('restoring from a backup', { timeout: 60_000 }, () => {
  beforeEach(() => {
    restic('init')
    restic('backup', files)
  })

  it('takes the last verified snapshot before the evidence, and every file is what it was', async () => {
    const before = hashes(files)
    expect(await opened().verifyNext(5)).toMatchObject({ outcome: 'verified' })
    expect(await opened().verifyNext(6)).toBeUndefined()
    const evidenceAt = Date.now()
    encrypt(files)
    const after = hashes(files)
    restic('backup', files)
    expect((await opened().list()).map(({ verifiedAt }) => verifiedAt)).toEqual([null, 5])
    const done = await restoreFrom(opened(), data, 'id-1', args({ before: evidenceAt }), watched)
    expect(done).toMatchObject({ outcome: 'succeeded', output: { restored: 4, unchanged: 0, left: [] } })
    const now = hashes(files)
    for (const [path, hash] of Object.entries(before)) expect([path, now[path]]).toEqual([path, hash])
    for (const [path, hash] of Object.entries(after)) expect(now[`${path}.before-restore-id-1`]).toBe(hash)
    expect(readdirSync(data)).toEqual(['verified.json'])
  })

  it('goes on after a crash in its middle, and neither loses nor doubles', async () => {
    const before = hashes(files)
    await opened().verifyNext(5)
    encrypt(files)
    const after = hashes(files)
    const falls = {
      ...silent,
      progress: (done: number, note: string) => {
        if (/ 2 files/.test(note)) throw new Error(`killed at ${done}`)
      },
    }
    expect(await restoreFrom(opened(), data, 'id-2', args(), { live: falls, time: systemTime })).toMatchObject({ outcome: 'failed' })
    encrypt(join(files, 'deep'))
    for (const [path, hash] of Object.entries(after)) if (path.startsWith(join(files, 'deep'))) after[path] = hashes(files)[path] ?? hash
    expect(await restoreFrom(opened(), data, 'id-2', args(), watched)).toMatchObject({ outcome: 'succeeded', output: { left: [] } })
    const now = hashes(files)
    expect(Object.keys(now)).toHaveLength(8)
    for (const [path, hash] of Object.entries(before)) expect([path, now[path]]).toEqual([path, hash])
    for (const [path, hash] of Object.entries(after)) expect([path, now[`${path}.before-restore-id-2`]]).toEqual([path, hash])
  })

  it('is not verified where a file that has not changed is another in the backup', async () => {
    writeFileSync(join(files, 'a.txt'), 'A.txt as it was')
    spawnSync('touch', ['-d', '2020-01-01', join(files, 'a.txt')])
    restic('backup', files)
    writeFileSync(join(files, 'a.txt'), 'B.txt as it was')
    spawnSync('touch', ['-d', '2020-01-01', join(files, 'a.txt')])
    expect(await opened().verifyNext(5)).toMatchObject({ outcome: 'differs', detail: expect.stringContaining('a.txt') })
    expect(await restoreFrom(opened(), data, 'id', args(), watched)).toMatchObject({
      outcome: 'refused',
      detail: expect.stringContaining('no verified snapshot'),
    })
  })

  it('writes nothing where a link leads, and brings no link back', async () => {
    symlinkSync('/etc/passwd', join(files, 'link'))
    restic('backup', files)
    await opened().verifyNext(5)
    const elsewhere = join(folder, 'elsewhere')
    mkdirSync(elsewhere)
    rmSync(join(files, 'link'))
    renameSync(join(files, 'deep'), join(folder, 'was-deep'))
    symlinkSync(elsewhere, join(files, 'deep'))
    const done = await restoreFrom(opened(), data, 'id-3', args(), watched)
    expect(done).toMatchObject({ outcome: 'failed', output: { unchanged: 2 } })
    expect(done.detail).toContain('are not')
    expect([readdirSync(elsewhere), readdirSync(files).includes('link')]).toEqual([[], false])
  })

  it('is refused outside of what restic.json names, and where others can read that', async () => {
    for (const paths of [['/etc'], [folder], [`${files}-2`]])
      expect(await restoreFrom(opened(), data, 'id', args({ paths }), watched)).toMatchObject({ outcome: 'refused' })
    chmodSync(settings(), 0o644)
    expect(() => opened()).toThrow('can be read by others')
  })
})

it.each(['relative', '/a/../b', '/a//b', '/', '/a\nb'])('no order names %j', (path) => {
  expect(restoreFromBackup.args.safeParse({ paths: [path], before: 1 }).success).toBe(false)
})

it('restic hears a fixed list of options, whatever a path is called', async () => {
  const heard: string[][] = []
  const host: Pick<Host, 'run'> = {
    run: async (program, given) => {
      heard.push([program, ...given])
      return { kind: 'ended', code: 0, stdout: '[]', stderr: '' }
    },
  }
  const { restore, snapshots } = openRestic(host, { repository: '/repo', passwordFile: '/secret' })
  await snapshots()
  await restore('f'.repeat(64), ['/-o sftp.command=x', '/a*[b'], '/into')
  const always = ['--repo=/repo', '--password-file=/secret', '--no-lock', '--no-cache', '--quiet']
  expect(heard).toEqual([
    ['restic', 'snapshots', ...always, '--json', '--'],
    [
      'restic',
      'restore',
      ...always,
      '--verify',
      '--target=/into',
      '--include=/-o sftp.command=x',
      '--include=/a\\*\\[b',
      '--',
      'f'.repeat(64),
    ],
  ])
})
