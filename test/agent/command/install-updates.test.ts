import { expect, it } from 'vitest'
import type { CommandOrder } from '#shared/domain/command.ts'
import type { Live } from '../../../agent/command/live.ts'
import type { Machine } from '../../../agent/command/verb.ts'
import installUpdates from '../../../agent/command/verbs/install-updates.ts'
import type { Ended, Host } from '../../../agent/host/host.ts'

const ended = (stdout: string, code = 0, stderr = ''): Ended => ({ kind: 'ended', code, stdout, stderr })

async function run(answers: (line: string) => Ended, isTrial = false) {
  const asked: string[] = []
  const host = {
    run: async (program: string, args: readonly string[]) => {
      asked.push([program, ...args].join(' '))
      return answers(asked.at(-1) ?? '')
    },
  } as unknown as Host
  const said = await installUpdates.run({ host, isTrial } as Machine, {}, {} as CommandOrder, {} as Live)
  return { said, asked }
}

it('says which packages have another version than before, and asks for no shell', async () => {
  let isBefore = true
  const { said, asked } = await run((line) => {
    if (line.startsWith('dpkg-query'))
      return ended(isBefore ? 'bash:amd64 5.2\ncurl:amd64 7\n' : 'bash:amd64 5.2\ncurl:amd64 8\nnew:all 1\n')
    if (line.includes('upgrade')) isBefore = false
    return ended('', line.startsWith('test ') ? 1 : 0)
  })
  expect(said).toEqual({
    outcome: 'succeeded',
    detail: '2 packages were updated',
    output: {
      changed: [
        { name: 'curl:amd64', from: '7', to: '8' },
        { name: 'new:all', from: '', to: '1' },
      ],
      count: 2,
      needsRestart: false,
    },
  })
  expect(asked.filter((line) => line.startsWith('env DEBIAN_FRONTEND=noninteractive apt-get'))).toHaveLength(2)
})

it.each([
  [
    'no dpkg',
    (): Ended => ({ kind: 'missing', program: 'dpkg-query' }),
    'refused',
    'this machine has no dpkg; only Debian’s way of updates is known',
  ],
  [
    'a lock that another holds',
    (line: string) => (line.startsWith('dpkg') ? ended('a 1\n') : ended('', 100, 'E: Could not get lock\n')),
    'failed',
    'apt-get ended with code 100: E: Could not get lock',
  ],
])('with %s it says so', async (_what, answers, outcome, detail) => {
  expect((await run(answers)).said).toMatchObject({ outcome, detail })
})

it('never on the machine of a trial', async () => {
  expect((await run(() => ended(''), true)).said.outcome).toBe('refused')
})
