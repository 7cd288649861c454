import { describe, expect, it } from 'vitest'
import { playFalseAlarms, whyNoFalseAlarms } from '../soak/false-alarms.ts'

/** The short version of `npm run soak -- false-alarms`. */
describe.skipIf(whyNoFalseAlarms())('honest work on a watched machine', () => {
  it('calls nobody', async () => {
    const { done, leftOut, alarms } = await playFalseAlarms({ overMs: 0, isQuick: true, tell: () => undefined })
    if (leftOut.length > 0) console.log(`without ${leftOut.join(', ')}: their programs are missing here`)
    expect(done).toContain('gzip')
    expect(alarms).toEqual([])
  }, 150_000)
})
