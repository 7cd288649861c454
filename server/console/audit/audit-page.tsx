import { Card, Group, Text, Title } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useApi } from '../api/api-context.tsx'
import { auditQuery } from '../api/queries.ts'
import { OlderButton } from '../frame/older-button.tsx'
import { PageProblem, PageReading } from '../frame/page-problem.tsx'
import { SortableTable } from '../frame/sortable-table.tsx'
import { useIsProvider } from '../session/session.ts'
import { auditColumns } from './audit-columns.tsx'
import { HeadCard } from './head-card.tsx'

/** Who did what to which thing. */
export function AuditPage() {
  const audit = useInfiniteQuery(auditQuery(useApi()))
  const { data, error, refetch } = audit
  const isProvider = useIsProvider()
  const lines = useMemo(() => data?.pages.flatMap((page) => page.lines) ?? [], [data])
  if (!data) return error ? <PageProblem error={error} reset={() => void refetch()} /> : <PageReading />
  return (
    <div className="page">
      <Group mb="sm" gap="md">
        <Title order={1} fz={20}>
          Audit
        </Title>
        <Text size="sm" c="dimmed">
          Every change, by whom; nothing here can be changed.
        </Text>
      </Group>
      {isProvider && <HeadCard />}
      <Card withBorder padding={0}>
        <SortableTable
          rows={lines}
          columns={auditColumns}
          sortedBy={{ id: 'when', desc: true }}
          empty="Nobody has done anything yet."
          minWidth={680}
        />
      </Card>
      <OlderButton of={audit} />
    </div>
  )
}
