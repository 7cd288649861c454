import { spawnSync } from 'node:child_process'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it.skipIf(process.platform === 'win32')('the agent begins once more in its own place: lean, behind others, with the same words', () => {
  const child = spawnSync(process.execPath, [join(import.meta.dirname, 'begin-light-once.ts'), 'run', '--data', 'a b'], {
    encoding: 'utf8',
  })
  const said = child.stdout.trim().split('\n')
  expect(said).toHaveLength(1)
  expect(JSON.parse(said[0] ?? '')).toMatchObject({
    ...{ pid: child.pid, nice: Math.max(5, getPriority()), arenas: '1', words: ['run', '--data', 'a b'] },
    flags: expect.arrayContaining(['--max-semi-space-size=1', '--single-threaded', '--no-sparkplug']),
  })
})

it.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)(
  'what it starts stands where the system’s own do, but for what nobody waits for, and what an isolation waits for',
  () => {
    const child = spawnSync('nice', ['-n', String(5 - getPriority()), process.execPath, join(import.meta.dirname, 'start-in-front.ts')], {
      encoding: 'utf8',
    })
    expect(JSON.parse(child.stdout)).toEqual({ ordered: 0, behind: 5, left: 0, ahead: -15, itself: 5 })
  },
)

it.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)(
  'while an attack is under way it comes before all else with all its threads, and what it starts doesn’t',
  () => {
    const child = spawnSync('nice', ['-n', String(5 - getPriority()), process.execPath, join(import.meta.dirname, 'hurry-once.ts')], {
      encoding: 'utf8',
    })
    expect(JSON.parse(child.stdout)).toEqual({ before: [5], hasty: [-10], started: 0, times: 1, after: [5] })
  },
)
