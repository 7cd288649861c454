import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readToken } from '#shared/protocol/enrolment.ts'
import { tierline } from '../../support/command-line.ts'
import { startProgram } from '../../support/program.ts'

const folder = await mkdtemp(join(tmpdir(), 'tierline-token-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('tierline token', () => {
  it('makes a line for another machine while the collector runs', async () => {
    const collector = startProgram(['up', '--data', folder, '--port', '0', '--agents-port', '0'])
    const [, agentsUrl] = await collector.prints(/Agents\s+(https:\S+)/)
    const program = startProgram(['token', '--data', folder, '--minutes', '5'])
    expect(await program.ended).toBe(0)
    const [, word = ''] = /^echo (\S+) \| npm run -s agent -- enrol/.exec(program.output()) ?? []
    expect(readToken(word)?.collector).toBe(agentsUrl)
    expect(program.errors()).toContain('this machine only')
    expect((await collector.stop()).code).toBe(0)
  }, 60_000)

  it.each([
    [['--organisation', 'Nobody'], 'There is no organisation "Nobody"'],
    [['--minutes', 'ten'], '--minutes is "ten"'],
  ])('refuses %j with one sentence', async (flags, sentence) => {
    expect(await tierline('token', '--data', folder, ...flags)).toMatchObject({ code: 1, err: expect.stringContaining(sentence) })
  })

  it('refuses a folder on which no collector ever started', async () => {
    expect(await tierline('token', '--data', join(folder, 'nothing'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('No collector has started'),
    })
  })
})
