import { Alert, Badge, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { NoiseMeterAnswer } from '#shared/api/noise.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import { useApi } from '../api/api-context.tsx'
import { meterQuery } from '../api/desk-queries.ts'
import { SectionCard } from '../frame/section-card.tsx'
import { useNow } from '../time/clock.tsx'

type MeterLine = NoiseMeterAnswer['lines'][number]

/** How noisy the desk was lately, against what is aimed at. */
export function MeterCard() {
  const { data, error } = useQuery(meterQuery(useApi(), useNow()))
  return (
    <SectionCard title="Noise of the last 30 days">
      {error && <Alert color="red">{sentenceOf(error)}</Alert>}
      <Stack gap="xs">
        {data?.lines.map((line) => (
          <Line key={line.what} line={line} />
        ))}
      </Stack>
    </SectionCard>
  )
}

function Line({ line: { what, aim, value, count, of, isMet } }: { line: MeterLine }) {
  return (
    <Group gap="sm" wrap="nowrap" align="flex-start" data-meter={what}>
      <Badge variant="light" tt="none" miw={76} color={isMet === null ? 'gray' : isMet ? 'teal' : 'red'}>
        {isMet === null ? 'no figure' : isMet ? 'met' : 'missed'}
      </Badge>
      <div>
        <Text size="sm">{aim}</Text>
        <Text size="xs" c="dimmed" className="tabular">
          {value === null ? 'There was nothing to measure it by.' : `${Number(value.toFixed(2))} now: ${count} among ${of}.`}
        </Text>
      </div>
    </Group>
  )
}
