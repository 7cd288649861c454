import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import type { SuppressedSignal } from '#shared/api/maintenance.ts'
import { useApi } from '../api/api-context.tsx'
import { suppressedQuery } from '../api/desk-queries.ts'
import { ListCard } from '../frame/list-card.tsx'
import { PageLink } from '../frame/page-link.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { When } from '../time/when.tsx'

type Row = z.infer<typeof SuppressedSignal> & { id: string }

const columns: Column<Row>[] = [
  { id: 'name', header: 'What', sortBy: (row) => row.summary, cell: (row) => <span className="breakable">{row.summary}</span> },
  { id: 'endpoint', header: 'Machine', sortBy: (row) => row.endpoint?.hostname ?? '', cell: (row) => <Machine row={row} /> },
  { id: 'why', header: 'Why it waits', sortBy: (row) => row.why, cell: (row) => <span className="breakable">{row.why}</span> },
  { id: 'since', header: 'Since', sortBy: (row) => row.since, cell: (row) => <When at={row.since} /> },
  {
    id: 'until',
    header: 'Until',
    sortBy: (row) => row.until ?? Number.MAX_SAFE_INTEGER,
    cell: (row) => (row.until === null ? 'it is known' : <When at={row.until} as="instant" />),
  },
]

/** What machines said that nobody was told: it is decided on later, or cleared by then. */
export function WaitingCard() {
  const { data, error } = useQuery(suppressedQuery(useApi()))
  const more = (data?.total ?? 0) - (data?.signals.length ?? 0)
  return (
    <ListCard
      title="Waiting now"
      sentence={`What machines said and nobody was told yet${more > 0 ? `; ${more} more wait beside these` : ''}.`}
      add={null}
      rows={data?.signals.map((signal) => ({ ...signal, id: signal.signalId }))}
      error={error}
      columns={columns}
      empty="Nothing waits."
    />
  )
}

function Machine({ row: { endpoint } }: { row: Row }) {
  if (!endpoint) return null
  return (
    <PageLink to="/endpoints/$id" params={{ id: endpoint.id }} fz="sm">
      {endpoint.hostname}
    </PageLink>
  )
}
