import { Stack, Text } from '@mantine/core'
import type { EndpointDetail } from '#shared/api/endpoints.ts'
import { SectionCard } from '../frame/section-card.tsx'
import { When } from '../time/when.tsx'

/** Records that the machine had to drop, by its own word: a gap is shown, never hidden. */
export function GapsCard({ gaps }: { gaps: EndpointDetail['gaps'] }) {
  if (gaps.length === 0) return null
  return (
    <SectionCard title="Gaps">
      <Stack gap={6}>
        {gaps.map((gap) => (
          <Text key={`${gap.lane}/${gap.fromSeq}/${gap.noticedAt}`} size="sm" className="breakable">
            <When at={gap.noticedAt} as="instant" />: {gap.toSeq - gap.fromSeq + 1} records of lane {gap.lane} ({gap.fromSeq}–{gap.toSeq})
            were dropped: {gap.why}
          </Text>
        ))}
      </Stack>
    </SectionCard>
  )
}
