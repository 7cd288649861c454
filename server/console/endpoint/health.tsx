import { Center, Group, SegmentedControl, SimpleGrid, Text } from '@mantine/core'
import { useMemo, useState } from 'react'
import { SectionCard } from '../frame/section-card.tsx'
import { useNow } from '../time/clock.tsx'
import { Chart } from './chart.tsx'
import { columnsOf } from './columns.ts'
import { diskSeries, memorySeries, networkSeries, processorSeries } from './series.ts'
import { useSamples } from './use-samples.ts'

const HOUR_MS = 60 * 60_000
const ranges = { '15 min': HOUR_MS / 4, '1 h': HOUR_MS, '24 h': 24 * HOUR_MS, '7 d': 7 * 24 * HOUR_MS, '90 d': 90 * 24 * HOUR_MS } as const
type Range = keyof typeof ranges

/** How the machine is, as it happens: its samples come at once while this is on the screen. */
export function Health({ endpointId }: { endpointId: string }) {
  const [range, setRange] = useState<Range>('15 min')
  const { health, isLoading } = useSamples(endpointId, ranges[range])
  const columns = useMemo(() => columnsOf(health), [health])
  const series = useMemo(
    () => ({
      processor: processorSeries(columns),
      memory: memorySeries(columns),
      disk: diskSeries(columns),
      network: networkSeries(columns),
    }),
    [columns],
  )
  const now = useNow()
  const newest = health.kind === 'raw' ? health.samples.at(-1) : undefined
  const span = spanOf(columns.at, now, ranges[range])
  return (
    <SectionCard
      title="Health"
      aside={
        <SegmentedControl
          size="xs"
          value={range}
          onChange={(value) => setRange(value as Range)}
          data={Object.keys(ranges)}
          aria-label="Span of the charts"
        />
      }
    >
      {columns.at.length === 0 ? (
        <Center h={200}>
          <Text size="sm" c="dimmed">
            {isLoading ? 'Reading …' : `No samples in the last ${range}. They come every ten seconds while the agent runs.`}
          </Text>
        </Center>
      ) : (
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
          <Chart title="Processor" unit="percent" span={span} series={series.processor} />
          <Chart title="Memory" unit="percent" span={span} series={series.memory} />
          <Chart title="Disks" unit="percent" span={span} series={series.disk} />
          <Chart title="Network" unit="bytesPerSecond" span={span} series={series.network} />
        </SimpleGrid>
      )}
      {newest && (
        <Group gap="lg" mt="sm" fz="xs" c="dimmed" className="tabular">
          <span>
            Load {[newest.processor.load1, newest.processor.load5, newest.processor.load15].map((load) => load.toFixed(2)).join('  ')}
          </span>
          <span>Up {Math.floor(newest.uptimeSeconds / 3_600)} h</span>
        </Group>
      )}
    </SectionCard>
  )
}

const SHORTEST_MS = 2 * 60_000

/** The chosen range; of a machine that has been watched for less, what there is, so that a newcomer sees lines and not a margin. */
function spanOf(at: readonly number[], now: number, rangeMs: number): { from: number; to: number } {
  const oldest = at[0] ?? now
  return { from: Math.max(now - rangeMs, Math.min(oldest, now - SHORTEST_MS)), to: Math.max(now, at.at(-1) ?? 0) }
}
