import { Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useApi } from '../api/api-context.tsx'
import { ticketsOfEndpointQuery } from '../api/queries.ts'
import { SectionCard } from '../frame/section-card.tsx'
import { Countdown } from '../words/countdown.tsx'
import { PriorityBadge } from '../words/priority-badge.tsx'

export function OpenTicketsCard({ endpointId }: { endpointId: string }) {
  const { data } = useQuery(ticketsOfEndpointQuery(useApi(), endpointId))
  return (
    <SectionCard title="Open tickets">
      <Stack gap="sm">
        {data?.tickets.length === 0 && (
          <Text size="sm" c="dimmed">
            None.
          </Text>
        )}
        {data?.tickets.map((ticket) => (
          <Link key={ticket.id} to="/tickets/$id" params={{ id: ticket.id }} className="plain-link">
            <Group gap={8} wrap="nowrap" justify="space-between">
              <Group gap={6} wrap="nowrap">
                <PriorityBadge priority={ticket.priority} size="sm" />
                <Text size="xs" c="dimmed">
                  #{ticket.number}
                </Text>
              </Group>
              <Countdown ticket={ticket} />
            </Group>
            <Text size="sm" fw={550} lineClamp={2} className="breakable">
              {ticket.title}
            </Text>
          </Link>
        ))}
      </Stack>
    </SectionCard>
  )
}
