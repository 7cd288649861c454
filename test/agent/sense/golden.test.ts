import { describe, expect, it } from 'vitest'
import { detectors } from '../../../agent/sense/detectors.ts'
import { caseNames, expected, play } from '../../golden/detectors/play-case.ts'
import { healthCaseFiles } from '../../golden/health/play-readings.ts'

describe('detectors say what they always said', () => {
  it.each(caseNames())('%s', async (name) => {
    expect(await play(name)).toEqual(expected(name))
  })

  it('and each of them has a case', () => {
    const covered = new Set([...healthCaseFiles(), ...caseNames().map((name) => name.split('/')[0])])
    expect(detectors.map((detector) => detector.name).filter((name) => !covered.has(name))).toEqual([])
  })
})
