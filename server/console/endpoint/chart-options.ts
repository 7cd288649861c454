import type uPlot from 'uplot'
import { dayOfYear, timeOfDay } from '../time/durations.ts'
import { bytes, percent } from '../words/quantities.ts'

export type Unit = 'percent' | 'bytesPerSecond'

export const inUnit: Record<Unit, (value: number) => string> = {
  percent,
  bytesPerSecond: (value) => `${bytes(value)}/s`,
}

interface Look {
  labels: string[]
  unit: Unit
  /** After the lines come two series for each of them, its largest and its smallest values. */
  isBanded: boolean
  /** More than a day: the axis says days. */
  isLong: boolean
  colors: string[]
  textColor: string
  gridColor: string
}

// So that the axis says 512 KiB and 1 MiB, not 488 and 977.
const powersOfTwo = Array.from({ length: 50 }, (_, power) => 2 ** power)

// So that an axis of days says each of them once.
const days = [1, 2, 5, 10, 20, 30, 60].map((count) => count * 86_400)

type Options = Omit<uPlot.Options, 'width' | 'height'>

/** How a health chart looks: thin lines, little ink, one cursor over all charts of the page. */
export function chartOptions({ labels, unit, isBanded, isLong, colors, textColor, gridColor }: Look): Options {
  const colorOf = (index: number): string => colors[index % colors.length] ?? textColor
  const axis = { stroke: textColor, grid: { stroke: gridColor, width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' }
  return {
    legend: { show: false },
    cursor: { sync: { key: 'health' }, points: { size: 5 }, drag: { x: false, y: false } },
    padding: [8, 22, 0, 0],
    scales: { x: { time: true }, y: { range: (_, __, max) => [0, unit === 'percent' ? 1 : Math.max(1024, max * 1.1)] } },
    axes: [
      {
        ...axis,
        space: 80,
        size: 26,
        values: (_, splits) => splits.map((second) => (isLong ? dayOfYear : timeOfDay)(second * 1_000)),
        ...(isLong && { incrs: days }),
      },
      {
        ...axis,
        space: 36,
        size: unit === 'percent' ? 46 : 76,
        values: (_, splits) => splits.map((value) => inUnit[unit](value)),
        ...(unit === 'bytesPerSecond' && { incrs: powersOfTwo }),
      },
    ],
    series: [{}, ...labels.map((label, index) => line(label, colorOf(index))), ...(isBanded ? labels.flatMap(() => [edge, edge]) : [])],
    ...(isBanded && {
      bands: labels.map((_, index): uPlot.Band => {
        const largest = 1 + labels.length + index * 2
        return { series: [largest, largest + 1], fill: `${colorOf(index)}33` }
      }),
    }),
  }
}

const line = (label: string, stroke: string): uPlot.Series => ({ label, stroke, width: 1.5, points: { show: false }, spanGaps: false })

/** The rim of a band: not drawn, only filled between. */
const edge: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false }, spanGaps: false }
