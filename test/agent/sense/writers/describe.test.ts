import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import type { ProcessFacts } from '../../../../agent/host/process-facts.ts'
import { describeWriter } from '../../../../agent/sense/writers/describe.ts'
import { FakeTime } from '../../../support/fake-time.ts'

const wrapper: ProcessFacts = {
  ...{ pid: 7, startTicks: 100, parent: 1, name: 'env', exe: '/usr/bin/env', commandLine: 'env bash archive.sh' },
  ...{ userId: 0, leadsTerminal: false },
}
const shell: ProcessFacts = { ...wrapper, name: 'bash', exe: '/usr/bin/bash', commandLine: 'bash archive.sh' }
const hash = 'a'.repeat(64)

/** What runs by now under its number, and the hash of that. */
const describe = (now: ProcessFacts | undefined) =>
  describeWriter(
    { top: wrapper, key: '7 100' },
    { images: { of: async () => (now ? hash : undefined), at: async () => undefined }, process: () => now, time: new FakeTime() },
  )

it('a process that became another program is named as what it is: a shell is never excepted by its hash alone', async () => {
  const { facts } = await describe(shell)
  expect(facts).toMatchObject({ process: 'bash', exe: '/usr/bin/bash', commandLine: 'bash archive.sh', exeSha256: hash })
  expect(facts.processSha256).toBe(createHash('sha256').update(`${hash} bash archive.sh`).digest('hex'))
})

it.each([
  ['is gone', undefined],
  ['has a number that another process has by now', { ...shell, startTicks: 101 }],
  ['can’t be seen any more', { ...shell, exe: '' }],
])('one that %s is named as it was', async (_what, now) => {
  expect((await describe(now)).facts).toMatchObject({ process: 'env', exe: '/usr/bin/env', startTicks: 100 })
})
