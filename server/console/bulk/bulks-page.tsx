import { Badge, Card, Text, Title } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { BulkSummary } from '#shared/api/bulk.ts'
import { useApi } from '../api/api-context.tsx'
import { bulksQuery } from '../api/queries.ts'
import { OlderButton } from '../frame/older-button.tsx'
import { PageLink } from '../frame/page-link.tsx'
import { PageProblem, PageReading } from '../frame/page-problem.tsx'
import { type Column, SortableTable } from '../frame/sortable-table.tsx'
import { When } from '../time/when.tsx'
import { bulkColor, totalsOf } from './words.ts'

/** What was asked of many machines at once, the newest first. */
export function BulksPage() {
  const asked = useInfiniteQuery(bulksQuery(useApi()))
  const { data, error, refetch } = asked
  const bulks = useMemo(() => data?.pages.flatMap((page) => page.bulks) ?? [], [data])
  if (!data) return error ? <PageProblem error={error} reset={() => void refetch()} /> : <PageReading />
  return (
    <div className="page">
      <Title order={1} fz={20} mb="sm">
        Orders for many machines
      </Title>
      <Card withBorder padding={0}>
        <SortableTable
          rows={bulks}
          columns={columns}
          sortedBy={{ id: 'asked', desc: true }}
          empty="Nothing was asked of many machines. Choose some under Endpoints."
        />
      </Card>
      <OlderButton of={asked} />
    </div>
  )
}

const columns: Column<BulkSummary>[] = [
  { id: 'command', header: 'Command', sortBy: ({ verb }) => verb, cell: (bulk) => <Command bulk={bulk} /> },
  {
    id: 'organisation',
    header: 'Organisation',
    sortBy: ({ organisation }) => organisation.name,
    cell: ({ organisation }) => organisation.name,
  },
  { id: 'state', header: 'State', sortBy: ({ status }) => status, cell: (bulk) => <State bulk={bulk} /> },
  { id: 'machines', header: 'Machines', sortBy: (bulk) => totalsOf(bulk).size, cell: (bulk) => <Machines bulk={bulk} /> },
  { id: 'asked', header: 'Asked', sortBy: ({ requestedAt }) => requestedAt, cell: ({ requestedAt }) => <When at={requestedAt} /> },
]

function Command({ bulk: { id, verb, requestedBy, reason } }: { bulk: BulkSummary }) {
  return (
    <>
      <PageLink to="/bulk/$id" params={{ id }} fz="sm" fw={600}>
        {verb}
      </PageLink>
      <Text size="xs" c="dimmed" className="breakable">
        {requestedBy}: {reason}
      </Text>
    </>
  )
}

function State({ bulk: { status, note } }: { bulk: BulkSummary }) {
  return (
    <>
      <Badge size="sm" tt="none" variant="light" color={bulkColor[status]}>
        {status}
      </Badge>
      {note !== '' && <Text size="xs">{note}</Text>}
    </>
  )
}

function Machines({ bulk }: { bulk: BulkSummary }) {
  const { size, succeeded, failed } = totalsOf(bulk)
  return (
    <span className="tabular">
      {size}, {succeeded} succeeded, {failed} failed
    </span>
  )
}
