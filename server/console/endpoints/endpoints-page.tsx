import { Button, Card, Checkbox, EmptyState, Group, Text, Title } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import type { EndpointSummary } from '#shared/api/endpoints.ts'
import { useApi } from '../api/api-context.tsx'
import { endpointsQuery } from '../api/queries.ts'
import { AskMany } from '../bulk/ask-many.tsx'
import { DialogButton } from '../frame/dialog-button.tsx'
import { FilterInput } from '../frame/filter-input.tsx'
import { PageLink } from '../frame/page-link.tsx'
import { PageProblem, PageReading } from '../frame/page-problem.tsx'
import { type Column, SortableTable } from '../frame/sortable-table.tsx'
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
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const columns = useMemo(() => [choosing(chosen, setChosen), ...endpointColumns], [chosen])
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
        <Many endpoints={data.endpoints.filter(({ id }) => chosen.has(id))} />
        <AddButton />
      </Group>
      <Card withBorder padding={0}>
        {data.endpoints.length === 0 ? (
          <NoneYet />
        ) : (
          <SortableTable rows={rows} columns={columns} sortedBy={{ id: 'host', desc: false }} empty={`No machine has “${text}”.`} />
        )}
      </Card>
    </div>
  )
}

/** A box before each machine. */
function choosing(chosen: ReadonlySet<string>, choose: (ids: ReadonlySet<string>) => void): Column<EndpointSummary> {
  const toggle = (id: string): void => choose(new Set(chosen.has(id) ? [...chosen].filter((other) => other !== id) : [...chosen, id]))
  return {
    ...{ id: 'chosen', header: '', sortBy: () => 0 },
    cell: ({ id, hostname }) => (
      <Checkbox size="xs" aria-label={`Choose ${hostname}`} checked={chosen.has(id)} onChange={() => toggle(id)} />
    ),
  }
}

function Many({ endpoints }: { endpoints: readonly EndpointSummary[] }) {
  const may = usePowers()
  if (!may('work-tickets')) return null
  if (endpoints.length === 0)
    return (
      <PageLink to="/bulk" fz="xs">
        Orders for many
      </PageLink>
    )
  return (
    <DialogButton
      label={`Run a command on ${endpoints.length}`}
      variant="default"
      dialog={(close) => <AskMany endpoints={endpoints} onClose={close} />}
    />
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
