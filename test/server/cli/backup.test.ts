import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { startPostgres } from '../../support/postgres.ts'
import { startProgram } from '../../support/program.ts'

const postgres = await startPostgres()
const postgresUrl = postgres.kind === 'running' ? postgres.url : 'postgres://nobody@127.0.0.1:1/none'
if (postgres.kind === 'unavailable') console.log(`Restoring beside an empty PostgreSQL is not tried here: ${postgres.reason}`)

const folder = mkdtempSync(join(tmpdir(), 'tierline-backup-'))
const [dataDir, keys, passphrase] = [join(folder, 'data'), join(folder, 'keys.backup'), join(folder, 'passphrase')]
mkdirSync(join(dataDir, 'keys'), { recursive: true })
writeFileSync(join(dataDir, 'keys/ca.pem'), 'a certificate')
writeFileSync(passphrase, 'four words that nobody says\n', { mode: 0o600 })
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  if (postgres.kind === 'running') await postgres.stop()
})

const run = async (...args: string[]) => {
  const program = startProgram([...args, '--passphrase-file', passphrase])
  return { code: await program.ended, said: program.output(), refused: program.errors() }
}

describe('tierline backup and restore, for a collector on PostgreSQL', () => {
  it('say how its database is saved, and save the keys', async () => {
    const database = 'postgres://somebody:secret@db.example.org/tierline'
    const { code, refused } = await run('backup', keys, '--data', dataDir, '--database', database)
    expect([code, existsSync(keys)]).toEqual([1, false])
    expect(refused).toMatch(/pg_dump --format=custom .*--keys-only/)
    expect(refused).not.toContain('secret')
    expect(await run('backup', keys, '--data', dataDir, '--keys-only')).toMatchObject({
      code: 0,
      said: expect.stringContaining('holds the keys'),
    })
  })

  it('say that the database has to be there first', async () => {
    const { code, refused } = await run('restore', keys, '--data', join(folder, 'back'))
    expect([code, refused]).toEqual([1, expect.stringMatching(/holds keys only: restore its database first \(pg_restore/)])
    expect(existsSync(join(folder, 'back'))).toBe(false)
  })

  it.skipIf(postgres.kind === 'unavailable')('refuse a database that holds no collector, and leave it as it is', async () => {
    const { code, refused } = await run('restore', keys, '--data', join(folder, 'back'), '--database', postgresUrl)
    expect([code, refused]).toEqual([1, expect.stringContaining('holds no collector')])
    const again = await run('restore', keys, '--data', join(folder, 'back'), '--database', postgresUrl)
    expect(again.refused).toContain('holds no collector')
    expect(existsSync(join(folder, 'back'))).toBe(false)
  })
})
