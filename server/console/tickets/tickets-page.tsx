import { Card, Group, SegmentedControl, Text, Title } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useApi } from '../api/api-context.tsx'
import { ticketListQuery } from '../api/queries.ts'
import { filterTickets } from '../board/arrange.ts'
import { FilterInput } from '../frame/filter-input.tsx'
import { PageProblem } from '../frame/page-problem.tsx'
import { SortableTable } from '../frame/sortable-table.tsx'
import { ticketColumns } from './ticket-columns.tsx'

type Status = 'open' | 'resolved' | 'all'

/** Every ticket as a list, the resolved ones too: to find one again. */
export function TicketsPage() {
  const [status, setStatus] = useState<Status>('open')
  const [text, setText] = useState('')
  const { data, error, refetch } = useQuery({ ...ticketListQuery(useApi(), status), placeholderData: keepPreviousData })
  const rows = useMemo(() => filterTickets(data?.tickets ?? [], text), [data, text])
  if (!data && error) return <PageProblem error={error} reset={() => void refetch()} />
  return (
    <div className="page">
      <Group mb="sm">
        <Title order={1} fz={20}>
          Tickets
        </Title>
        <SegmentedControl
          size="xs"
          value={status}
          onChange={(value) => setStatus(value as Status)}
          data={[
            { value: 'open', label: 'Open' },
            { value: 'resolved', label: 'Resolved' },
            { value: 'all', label: 'All' },
          ]}
        />
        {data && data.total > data.tickets.length && (
          <Text size="sm" c="dimmed">
            the first {data.tickets.length} of {data.total}
          </Text>
        )}
        <FilterInput what="the tickets" placeholder="Filter: host, word, owner, P1 …" text={text} onChange={setText} />
      </Group>
      <Card withBorder padding={0}>
        <SortableTable
          rows={rows}
          columns={ticketColumns}
          sortedBy={{ id: 'number', desc: true }}
          empty={text ? `No ticket here has “${text}”.` : status === 'open' ? 'No open tickets. Nothing needs anybody.' : 'None yet.'}
        />
      </Card>
    </div>
  )
}
