import { Center, Group, SegmentedControl, SimpleGrid, Text } from '@mantine/core'
import { useMemo, useState } from 'react'
import type { Sample } from '#shared/domain/sample.ts'
import { SectionCard } from '../frame/section-card.tsx'
import { useNow } from '../time/clock.tsx'
import { Chart } from './chart.tsx'
import { diskSeries, memorySeries, networkSeries, processorSeries } from './series.ts'
import { useSamples } from './use-samples.ts'

const ranges = { '15 min': 15 * 60_000, '1 h': 60 * 60_000, '24 h': 24 * 60 * 60_000 } as const
type Range = keyof typeof ranges

/** How the machine is, as it happens: its samples come at once while this is on the screen. */
export function Health({ endpointId }: { endpointId: string }) {
  const [range, setRange] = useState<Range>('15 min')
  const { samples, isLoading } = useSamples(endpointId, ranges[range])
  const series = useMemo(
    () => ({
      processor: processorSeries(samples),
      memory: memorySeries(samples),
      disk: diskSeries(samples),
      network: networkSeries(samples),
    }),
    [samples],
  )
  const now = useNow()
  const newest = samples.at(-1)
  const span = spanOf(samples, now, ranges[range])
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
      {samples.length === 0 ? (
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
function spanOf(samples: readonly Sample[], now: number, rangeMs: number): { from: number; to: number } {
  const oldest = samples[0]?.at ?? now
  return { from: Math.max(now - rangeMs, Math.min(oldest, now - SHORTEST_MS)), to: Math.max(now, samples.at(-1)?.at ?? 0) }
}
