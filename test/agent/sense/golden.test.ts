import { globSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { detectors } from '../../../agent/sense/detectors.ts'
import { caseNames, expected, play } from '../../golden/detectors/play-case.ts'
import { healthCaseFiles } from '../../golden/health/play-readings.ts'

/** What these look at is real files as real programs write them, which no recording holds: tests beside this one make them. */
const triedLive = new Map([
  ['ransomware-encryption', 'encryption'],
  ['agent-tampered', 'defence'],
  ['windows-events', 'windows'],
])

describe('detectors say what they always said', () => {
  it.each(caseNames())('%s', async (name) => {
    expect(await play(name)).toEqual(expected(name))
  })

  it('and each of them has a case, or tests of its own', () => {
    const live = [...triedLive].filter(([, folder]) => globSync('*.test.ts', { cwd: join(import.meta.dirname, folder) }).length > 0)
    const covered = new Set([...live.map(([name]) => name), ...healthCaseFiles(), ...caseNames().map((name) => name.split('/')[0])])
    expect(detectors.map((detector) => detector.name).filter((name) => !covered.has(name))).toEqual([])
  })
})
