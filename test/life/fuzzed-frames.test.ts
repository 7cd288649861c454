import { expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { fuzz } from '../fuzz/fuzz.ts'

/* A taste of `npm run fuzz`, which sends a million; how long neighbours wait is judged there, on a machine with nothing else to do. */

it('mutated frames are refused one by one, and nobody else notices', { timeout: 120_000 }, async () => {
  const figures = await fuzz({ frames: 1_500, seed: 20_261_122, hostile: 5, quietMs: seconds(1), progress: () => undefined })
  expect(figures.frames).toBe(1_500)
  expect(figures.refused).toBeGreaterThan(figures.records / 2)
  expect(figures.sessionsEnded).toBeGreaterThan(10)
  expect(figures.rssPeakMiB - figures.rssBeforeMiB).toBeLessThan(256)
  expect(figures.besideP99).toBeLessThan(seconds(2))
})
