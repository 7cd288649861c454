import 'uplot/dist/uPlot.min.css'
import { Group, Text, useComputedColorScheme, useMantineTheme } from '@mantine/core'
import { useElementSize, useMergedRef } from '@mantine/hooks'
import { useEffect, useMemo, useRef, useState } from 'react'
import uPlot from 'uplot'
import { chartOptions, inUnit, type Unit } from './chart-options.ts'
import type { ChartSeries } from './series.ts'

const HEIGHT = 150
const DAY_MS = 24 * 60 * 60_000
const colorNames = ['cyan', 'orange', 'grape', 'lime', 'pink', 'indigo'] as const

interface ChartProps {
  title: string
  unit: Unit
  /** What the time axis shows, epoch ms. */
  span: { from: number; to: number }
  series: ChartSeries
}

/** One chart; new samples are appended to it, it is not made anew. The legend says the newest values (of roll-ups, the mean). */
export function Chart({ title, unit, span, series }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const { ref: measured, width } = useElementSize<HTMLDivElement>()
  const ref = useMergedRef(place, measured)
  const [plot, setPlot] = useState<uPlot>()
  const isMeasured = width > 0
  const labels = series.lines.map((line) => line.label).join('\n')
  const isBanded = series.lines.some((line) => line.band)
  const isLong = span.to - span.from > DAY_MS
  const { colors, options } = useLook(labels, unit, isBanded, isLong)

  useEffect(() => {
    const element = place.current
    if (!element || !isMeasured) return
    const made = new uPlot({ ...options, width: element.clientWidth, height: HEIGHT }, undefined, element)
    setPlot(made)
    return () => made.destroy()
  }, [options, isMeasured])

  useEffect(() => {
    if (width > 0) plot?.setSize({ width, height: HEIGHT })
  }, [plot, width])

  useEffect(() => {
    plot?.setData(dataOf(series, isBanded), false)
  }, [plot, series, isBanded])

  // After the data, and with each second: time moves on where no sample comes.
  useEffect(() => {
    plot?.setScale('x', { min: span.from / 1_000, max: span.to / 1_000 })
  })

  return (
    <figure className="chart" aria-label={title}>
      <Group gap="sm" mb={4} wrap="nowrap" align="baseline">
        <Text size="xs" fw={600}>
          {title}
        </Text>
        <Group gap={10} className="legend">
          {series.lines.map((line, index) => (
            <Text key={line.label} size="xs" c="dimmed" className="tabular">
              <span className="swatch" style={{ background: colors[index] }} />
              {line.label} {newestOf(line.values, unit)}
            </Text>
          ))}
        </Group>
      </Group>
      <div ref={ref} style={{ height: HEIGHT }} />
    </figure>
  )
}

/** Instants, then the lines; then smallest and largest of each line, where `chartOptions` fills in between. */
function dataOf({ at, lines }: ChartSeries, isBanded: boolean): uPlot.AlignedData {
  const bands = isBanded ? lines.flatMap(({ values, band }) => [band?.max ?? values, band?.min ?? values]) : []
  return [at, ...lines.map((line) => line.values), ...bands]
}

function newestOf(values: readonly (number | null)[], unit: Unit): string {
  const newest = values.findLast((value) => value !== null)
  return newest === undefined || newest === null ? '' : inUnit[unit](newest)
}

/** Made anew only when the lines, their kind or the scheme change; then the chart is, too. */
function useLook(labels: string, unit: Unit, isBanded: boolean, isLong: boolean) {
  const { colors: all } = useMantineTheme()
  const isDark = useComputedColorScheme() === 'dark'
  return useMemo(() => {
    const colors = colorNames.map((name) => all[name][isDark ? 4 : 7])
    const options = chartOptions({
      labels: labels === '' ? [] : labels.split('\n'),
      unit,
      isBanded,
      isLong,
      colors,
      textColor: isDark ? all.dark[2] : all.gray[6],
      gridColor: isDark ? all.dark[5] : all.gray[2],
    })
    return { colors, options }
  }, [labels, unit, isBanded, isLong, isDark, all])
}
