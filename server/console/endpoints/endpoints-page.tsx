import { Button, Card, EmptyState, Group, Text, Title } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useApi } from '../api/api-context.tsx'
import { endpointsQuery } from '../api/queries.ts'
import { FilterInput } from '../frame/filter-input.tsx'
import { PageProblem, PageReading } from '../frame/page-problem.tsx'
import { SortableTable } from '../frame/sortable-table.tsx'
import { usePowers } from '../session/session.ts'
import { useClock } from '../time/clock.tsx'
import { AddMachine } from './add-machine.tsx'
import { endpointColumns } from './endpoint-columns.tsx'
import { filterEndpoints } from './filter-endpoints.ts'
import { whereabouts } from './whereabouts.ts'

/** Every machine that is watched, and the way to watch another. */
export function EndpointsPage() {
  const { data, error, refetch } = useQuery(endpointsQuery(useApi()))
  const [text, setText] = useState('')
  const clock = useClock()
  const rows = useMemo(() => filterEndpoints(data?.endpoints ?? [], text, clock.now()), [data, text, clock])
  if (!data) return error ? <PageProblem error={error} reset={() => void refetch()} /> : <PageReading />
  const counts = Object.groupBy(data.endpoints, (endpoint) => whereabouts(endpoint, clock.now()).is)
  const missing = counts.missing?.length ?? 0
  return (
    <div className="page">
      <Group mb="sm">
        <Title order={1} fz={20}>
          Endpoints
        </Title>
        <Text size="sm" c="dimmed" className="tabular">
          {data.endpoints.length} watched, {counts.there?.length ?? 0} connected{missing > 0 && `, ${missing} missing`}
        </Text>
        <FilterInput what="the endpoints" placeholder="Filter: host, organisation, role …" text={text} onChange={setText} />
        <AddButton />
      </Group>
      <Card withBorder padding={0}>
        {data.endpoints.length === 0 ? (
          <NoneYet />
        ) : (
          <SortableTable rows={rows} columns={endpointColumns} sortedBy={{ id: 'host', desc: false }} empty={`No machine has “${text}”.`} />
        )}
      </Card>
    </div>
  )
}

function AddButton() {
  const may = usePowers()
  const [isAdding, adding] = useDisclosure()
  if (!may('administer')) return null
  return (
    <>
      <Button size="xs" onClick={adding.open}>
        Add a machine
      </Button>
      <AddMachine isOpen={isAdding} onClose={adding.close} />
    </>
  )
}

function NoneYet() {
  const may = usePowers()
  const next = may('administer')
    ? '“Add a machine” makes a line that is typed there once; then the machine appears here.'
    : 'Somebody with the power to administer can add the first.'
  return <EmptyState p="xl" title="No machine is watched yet" description={next} />
}
