import type uPlot from 'uplot'
import { timeOfDay } from '../time/durations.ts'
import { bytes, percent } from '../words/quantities.ts'

export type Unit = 'percent' | 'bytesPerSecond'

export const inUnit: Record<Unit, (value: number) => string> = {
  percent,
  bytesPerSecond: (value) => `${bytes(value)}/s`,
}

interface Look {
  labels: string[]
  unit: Unit
  colors: string[]
  textColor: string
  gridColor: string
}

// So that the axis says 512 KiB and 1 MiB, not 488 and 977.
const powersOfTwo = Array.from({ length: 50 }, (_, power) => 2 ** power)

type Options = Omit<uPlot.Options, 'width' | 'height'>

/** How a health chart looks: thin lines, little ink, one cursor over all charts of the page. */
export function chartOptions({ labels, unit, colors, textColor, gridColor }: Look): Options {
  const axis = { stroke: textColor, grid: { stroke: gridColor, width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' }
  return {
    legend: { show: false },
    cursor: { sync: { key: 'health' }, points: { size: 5 }, drag: { x: false, y: false } },
    padding: [8, 22, 0, 0],
    scales: { x: { time: true }, y: { range: (_, __, max) => [0, unit === 'percent' ? 1 : Math.max(1024, max * 1.1)] } },
    axes: [
      { ...axis, space: 80, size: 26, values: (_, splits) => splits.map((second) => timeOfDay(second * 1_000)) },
      {
        ...axis,
        space: 36,
        size: unit === 'percent' ? 46 : 76,
        values: (_, splits) => splits.map((value) => inUnit[unit](value)),
        ...(unit === 'bytesPerSecond' && { incrs: powersOfTwo }),
      },
    ],
    series: [
      {},
      ...labels.map((label, index) => ({
        label,
        stroke: colors[index % colors.length] ?? textColor,
        width: 1.5,
        points: { show: false },
        spanGaps: false,
      })),
    ],
  }
}
