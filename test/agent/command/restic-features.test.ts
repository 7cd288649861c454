import { expect, it } from 'vitest'
import { openRestic } from '../../../agent/command/restic.ts'
import { aboutIn, progressIn } from '../../../agent/command/restic-features.ts'
import { createHost, type Ended, type RunOptions } from '../../../agent/host/host.ts'
import { systemTime } from '../../../agent/system-time.ts'

it.each([
  ['restic 0.14.0 compiled with go1.19.8 on linux/amd64', '0.14.0', []],
  ['restic 0.16.4 compiled with go1.21.6 on linux/amd64', '0.16.4', ['restore-progress']],
  ['restic 0.18.1 compiled with go1.25.1 on linux/amd64\n', '0.18.1', ['restore-progress', 'exit-codes']],
  ['restic 1.0.0 compiled with go1.27', '1.0.0', ['restore-progress', 'exit-codes']],
  ['restic v0.17.0-dev', null, []],
  ['something else entirely', null, []],
  ['', null, []],
])('of %j it relies on what that version brought, and of what it can’t read on nothing', (said, version, features) => {
  expect(aboutIn(said)).toEqual({ version, features })
})

it('asks the restic of this machine', async () => {
  const real = await createHost(systemTime).run('restic', ['version'], { timeoutMs: 20_000 })
  if (real.kind === 'missing') return console.log('restic is not installed, so it is not asked here')
  const restic = openRestic(createHost(systemTime), { repository: '/nowhere', passwordFile: '/nowhere' })
  expect((await restic.about()).version).toMatch(/^\d+\.\d+\.\d+$/)
})

/** A restic of this version, that says these lines and ends with this code. */
function restic(version: string, lines: readonly string[] = [], code = 0) {
  const ran: { args: readonly string[]; environment: RunOptions['environment'] }[] = []
  const run = async (_program: string, args: readonly string[], { onLine, environment }: RunOptions): Promise<Ended> => {
    if (args[0] === 'version')
      return { kind: 'ended', code: 0, stdout: `restic ${version} compiled with go1.22 on linux/amd64\n`, stderr: '' }
    ran.push({ args, environment })
    for (const line of lines) onLine?.(line)
    return { kind: 'ended', code, stdout: '', stderr: 'Fatal: something' }
  }
  return { ran, restic: openRestic({ run }, { repository: '/repo', passwordFile: '/pw' }) }
}

const status =
  '{"message_type":"status","seconds_elapsed":3,"percent_done":0.25,"total_files":40,"files_restored":10,"total_bytes":4000,"bytes_restored":1000}'

it('a restic that says how far a restore is, is heard; its other lines are not', async () => {
  const { ran, restic: newer } = restic('0.17.3', [
    status,
    '{"message_type":"summary","total_files":40}',
    'no JSON',
    '{"message_type":"status","percent_done":"x"}',
  ])
  const heard: unknown[] = []
  await newer.restore('a'.repeat(64), ['/srv'], '/scratch', (now) => void heard.push(now))
  expect(heard).toEqual([{ done: 0.25, files: 10, ofFiles: 40, bytes: 1_000, ofBytes: 4_000 }])
  expect(ran[0]?.args).toEqual(expect.arrayContaining(['restore', '--verify', '--json']))
  expect(ran[0]?.args).not.toContain('--quiet')
  expect(ran[0]?.environment).toEqual({ RESTIC_PROGRESS_FPS: '1' })
})

it('of an older one, or where nobody listens, nothing newer is asked', async () => {
  const older = restic('0.14.0', [status])
  const heard: unknown[] = []
  await older.restic.restore('a'.repeat(64), ['/srv'], '/scratch', (now) => void heard.push(now))
  const unheard = restic('0.17.3', [status])
  await unheard.restic.restore('a'.repeat(64), ['/srv'], '/scratch')
  for (const { args } of [...older.ran, ...unheard.ran]) {
    expect(args).toContain('--quiet')
    expect(args).not.toContain('--json')
  }
  expect(heard).toEqual([])
})

it('an exit code is put into words where this restic has such codes, and is only named where not', async () => {
  await expect(restic('0.17.0', [], 12).restic.snapshots()).rejects.toThrow(
    'restic snapshots: the password in the file that restic.json names is not the repository’s',
  )
  await expect(restic('0.14.0', [], 12).restic.snapshots()).rejects.toThrow('restic snapshots ended with code 12: Fatal: something')
})

it('a line that is no status says nothing', () => {
  expect(['', '[]', 'null', '{"message_type":"status","percent_done":7}'].map(progressIn)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})
