import { Badge, Group, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { TicketSummary } from '#shared/api/tickets.ts'
import { Priority } from '#shared/domain/priority.ts'
import { useApi } from '../api/api-context.tsx'
import { openTicketsQuery } from '../api/queries.ts'
import { FilterInput } from '../frame/filter-input.tsx'
import { PageProblem, PageReading } from '../frame/page-problem.tsx'
import { useNow } from '../time/clock.tsx'
import { priorityColor } from '../words/words.ts'
import { arrange, filterTickets } from './arrange.ts'
import styles from './board.module.css'
import { EmptyBoard } from './empty-board.tsx'
import { NewTicketButton } from './new-ticket.tsx'
import { TierQueue } from './tier-queue.tsx'

/** Every open ticket, in the queue of the tier that has it. */
export function BoardPage() {
  const { data, error, refetch } = useQuery(openTicketsQuery(useApi()))
  const [text, setText] = useState('')
  const now = useNow()
  if (!data) return error ? <PageProblem error={error} reset={() => void refetch()} /> : <PageReading />
  const shown = filterTickets(data.tickets, text)
  return (
    <div className={styles.board} data-fills-the-window>
      <Group px="md" py="sm" gap="md">
        <Title order={1} fz={20}>
          Board
        </Title>
        <PriorityCounts tickets={data.tickets} />
        {data.total > data.tickets.length && (
          <Text size="sm" c="dimmed">
            the first {data.tickets.length} of {data.total}
          </Text>
        )}
        <FilterInput what="the board" placeholder="Filter: host, word, owner, P1 …" text={text} onChange={setText} />
        <NewTicketButton />
      </Group>
      <div className={styles.queues}>
        {arrange(shown, now).map((queue) => (
          <TierQueue key={queue.tier} queue={queue} />
        ))}
      </div>
      {data.tickets.length === 0 && <EmptyBoard />}
      {data.tickets.length > 0 && shown.length === 0 && (
        <Text ta="center" c="dimmed" p="xl">
          No open ticket has “{text}”.
        </Text>
      )}
    </div>
  )
}

function PriorityCounts({ tickets }: { tickets: readonly TicketSummary[] }) {
  const counts = Priority.options.map((priority) => ({ priority, count: tickets.filter((ticket) => ticket.priority === priority).length }))
  return (
    <Group gap={6}>
      {counts
        .filter(({ count }) => count > 0)
        .map(({ priority, count }) => (
          <Badge key={priority} color={priorityColor[priority]} variant={priority === 'P4' ? 'default' : 'light'} tt="none">
            {count} {priority}
          </Badge>
        ))}
    </Group>
  )
}
