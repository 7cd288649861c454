import { Checkbox, List, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { TicketDetail } from '#shared/api/tickets.ts'
import { useApi } from '../api/api-context.tsx'
import { noiseQuery } from '../api/queries.ts'
import { When } from '../time/when.tsx'

/** So many are named; the rest is counted. */
const maxNamed = 5

/** What an exception would have spared, before anybody makes one. */
export function NoiseChoice({
  ticket,
  isExcepted,
  onChange,
}: {
  ticket: TicketDetail
  isExcepted: boolean
  onChange(isExcepted: boolean): void
}) {
  const { data } = useQuery(noiseQuery(useApi(), ticket.id))
  if (!data) return null
  if (data.refusal !== null) return <Text size="sm">{data.refusal}</Text>
  return (
    <Stack gap={4}>
      <Checkbox
        checked={isExcepted}
        onChange={(event) => onChange(event.currentTarget.checked)}
        label="Spare us this very trouble on this machine"
        description={
          <>
            Until <When at={data.until} as="instant" />. What is worse is heard of all the same.
          </>
        }
      />
      <Text size="sm">
        {data.count === 1 ? 'It would have spared 1 ticket' : `It would have spared ${data.count} tickets`} since{' '}
        <When at={data.since} as="instant" />
        {data.count > maxNamed && ', the newest'}:
      </Text>
      <List size="sm">
        {data.tickets.slice(0, maxNamed).map(({ id, number, title, openedAt }) => (
          <List.Item key={id}>
            #{number} {title}, <When at={openedAt} />
          </List.Item>
        ))}
      </List>
    </Stack>
  )
}
