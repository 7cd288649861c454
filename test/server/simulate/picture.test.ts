import { expect, it } from 'vitest'
import { createGauge, spanCount } from '../../../server/simulate/gauge.ts'
import { pictureOf } from '../../../server/simulate/picture.ts'

const days = 86_400_000
const panel = (name: string, curves: [string, number[]][]) => ({
  name,
  from: Date.UTC(2026, 10, 23),
  until: Date.UTC(2026, 10, 23) + 30 * days,
  curves: new Map(curves),
})

it('draws a line for each team, on one scale for all runs', () => {
  const svg = pictureOf(
    [
      panel('tiers', [
        ['tier1', [0, 3, 1]],
        ['tier2', [0, 1, 0]],
      ]),
      panel('generalists', [['tier1', [0, 9, 0]]]),
    ],
    'UTC',
  )
  expect(svg.match(/<polyline/g)).toHaveLength(3)
  expect(svg).toContain('>9</text>')
  expect(svg).toContain('>11-23</text>')
  const highest = [...svg.matchAll(/points="([^"]+)"/g)].map(([, points = '']) =>
    Math.min(...points.split(' ').map((pair) => Number(pair.split(',')[1]))),
  )
  // 9 tickets reach the top of the second panel (34 of its 260); 3 reach a third of the first one's height.
  expect(highest).toEqual([164.7, 208.2, 294])
})

it('writes names as text, whatever they are', () => {
  const svg = pictureOf([panel('</text><script>alert(1)</script>', [['"><image href=x onerror=1>&\u0000\ud800', [1]]])], 'UTC')
  expect(svg).not.toMatch(/<script|<image|\0/)
  expect(svg).toContain('&lt;/text&gt;&lt;script&gt;')
  expect(svg.isWellFormed()).toBe(true)
})

it('keeps the longest queue of each span, however short it was', () => {
  const lengths = new Map<string, number>()
  const gauge = createGauge(0, spanCount * 10, lengths)
  gauge.moveTo(15)
  lengths.set('tier1', 7)
  gauge.moveTo(16)
  lengths.set('tier1', 2)
  gauge.moveTo(35)
  lengths.set('tier1', 0)
  gauge.moveTo(spanCount * 10)
  expect(gauge.curves().get('tier1')?.slice(0, 5)).toEqual([0, 7, 2, 2, 0])
})
