import { describe, expect, it } from 'vitest'
import { healthLimits } from '#shared/domain/health-limits.ts'
import { healthDetectors } from '../../../../agent/sense/health-detectors.ts'
import { casesOf, healthCaseFiles, playReadings } from '../../../golden/health/play-readings.ts'

describe('health detectors say of recorded readings what they always said', () => {
  for (const name of healthCaseFiles()) {
    it.each(casesOf(name).map((each) => ({ ...each })))(`${name}: $says`, async (each) => {
      expect(await playReadings(name, each)).toEqual(each.said)
    })
  }

  it('and each of them has a file of cases, of which one raises and one stays silent or clears', () => {
    const files = new Set(healthCaseFiles())
    expect(healthDetectors.map(({ name }) => name).filter((name) => !files.has(name))).toEqual([])
    for (const name of files) {
      const said = casesOf(name).map((each) => each.said.join('\n'))
      expect(said.join('\n'), name).toMatch(/: (raised|happened) /)
      expect(
        said.some((lines) => lines === '' || lines.includes(': cleared ')),
        name,
      ).toBe(true)
    }
  })

  it('and the numbers that a policy may change are those of the detectors there are', () => {
    expect(healthDetectors.map(({ name }) => name).sort()).toEqual(Object.keys(healthLimits).sort())
  })

  it('and what each of them tells a technician to do is a sentence', () => {
    for (const { runbook } of healthDetectors) expect(runbook).toMatch(/^[A-Z].{20,240}\.$/)
  })
})
