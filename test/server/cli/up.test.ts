import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { Fault } from '#shared/domain/fault.ts'
import { startPatiently } from '../../../server/cli/start/patience.ts'
import { freePort, startProgram } from '../../support/program.ts'

const folder = await mkdtemp(join(tmpdir(), 'tierline-up-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const never = new Promise(() => undefined)
const away = new Fault('database-unavailable', 'The database is away.', { isRetryable: true })

it('waits for a database that is about to start, and says so once', async () => {
  const said: string[] = []
  let tries = 0
  const start = async () => {
    tries += 1
    if (tries < 3) throw away
    return 'started'
  }
  expect(await startPatiently(start, never, (line) => said.push(line))).toBe('started')
  expect([tries, said]).toEqual([3, ['The database is away. Trying again for a minute …']])
})

it('waits for nothing that waiting does not mend', async () => {
  const wrong = new Fault('database-unknown', 'There is no such database.')
  await expect(
    startPatiently(
      () => Promise.reject(wrong),
      never,
      () => undefined,
    ),
  ).rejects.toBe(wrong)
})

it('can be stopped while it waits', { timeout: 60_000 }, async () => {
  const nobody = `postgres://tierline:secret@127.0.0.1:${await freePort()}/tierline`
  const program = startProgram(['up', '--data', folder, '--database', nobody, '--port', '0', '--agents-port', '0'])
  await expect.poll(program.errors, { timeout: 45_000 }).toMatch(/can't be reached.*Trying again for a minute/)
  expect(await program.stop('SIGTERM')).toMatchObject({ code: 0 })
  expect(program.errors()).not.toContain('secret')
})
