import { expect, it } from 'vitest'
import { RecentMap } from '../../../../agent/sense/writers/recent-map.ts'

it('keeps what was used lately, and of all the rest no more than as much again', () => {
  const map = new RecentMap<number, string>(100)
  map.touch(-1, () => 'used')
  for (let key = 0; key < 1_000; key += 1) {
    map.touch(key, () => String(key))
    expect(map.touch(-1, () => 'anew')).toBe('used')
  }
  const kept = Array.from({ length: 1_000 }, (_, key) => key).filter((key) => map.has(key))
  expect(kept.length).toBeGreaterThanOrEqual(99)
  expect(kept.length).toBeLessThanOrEqual(200)
  expect(kept.slice(-99)).toEqual(Array.from({ length: 99 }, (_, nth) => 901 + nth))
  expect([map.get(999), map.get(1)]).toEqual(['999', undefined])
})
