import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openStore } from '../../../server/store/store.ts'
import { tierline } from '../../support/command-line.ts'
import { databaseSetting, storeUrl } from '../../support/database.ts'

const folder = await mkdtemp(join(tmpdir(), 'tierline-maintenance-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const run = async (...args: string[]) => {
  const {
    code,
    out: output,
    err: errors,
  } = await tierline('maintenance', ...args, '--data', folder, '--database', await databaseSetting(folder))
  return { code, output, errors }
}

beforeAll(async () => {
  const store = await openStore(await storeUrl(folder))
  await store.db
    .insertInto('organisations')
    .values({ id: 'o', name: 'Acme', mode: 'live', plan: 'standard', time_zone: 'Europe/Berlin', created_at: 1 })
    .execute()
  await store.db
    .insertInto('sites')
    .values({ id: 's', organisation_id: 'o', name: 'London', time_zone: 'Europe/London', created_at: 1 })
    .execute()
  await store.close()
})

it('plans a window in site time, lists its next five dates, and takes it off', async () => {
  const added = await run(
    'add',
    'Patches',
    '--organisation',
    'Acme',
    '--site',
    'London',
    '--minutes',
    '120',
    '--weekly',
    'sun',
    '--at',
    '02:00',
  )
  expect([added.errors, added.code]).toEqual(['', 0])
  expect(added.output).toContain('Patches (site, Europe/London)')
  expect(added.output.match(/T02:00\+0[01]:00 –/g)).toHaveLength(5)
  const [id = ''] = added.output.split(' ')
  expect((await run('end', id)).errors).toContain('that is open')
  expect((await run('remove', id)).output).toContain('No maintenance window')
}, 60_000)

it.each([
  [['--organisation', 'Nobody', '--minutes', '10'], 'Say whose'],
  [['--organisation', 'Acme', '--minutes', '721'], 'from 1 to 720'],
  [['--organisation', 'Acme', '--minutes', '10'], 'Say when'],
  [['--organisation', 'Acme', '--minutes', '10', '--starts', 'tomorrow'], 'is no time'],
  [['--organisation', 'Acme', '--minutes', '10', '--starts', '2020-01-01T00:00'], 'still to come'],
  [['--organisation', 'Acme', '--minutes', '10', '--weekly', 'sunday', '--at', '02:00'], 'Write days'],
  [['--organisation', 'Acme', '--minutes', '10', '--site', 'Paris', '--weekly', 'sun', '--at', '02:00'], 'is no site "Paris"'],
])(
  'refuses %j with one sentence',
  async (flags, sentence) => {
    const { code, errors } = await run('add', 'Patches', ...flags)
    expect(code).toBe(1)
    expect(errors).toContain(sentence)
  },
  30_000,
)
