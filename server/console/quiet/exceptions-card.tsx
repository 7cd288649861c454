import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import type { NoiseException } from '#shared/api/noise.ts'
import { useApi } from '../api/api-context.tsx'
import { exceptionsQuery } from '../api/desk-queries.ts'
import { keys } from '../api/keys.ts'
import { ConfirmButton } from '../frame/confirm-button.tsx'
import { ListCard } from '../frame/list-card.tsx'
import { PageLink } from '../frame/page-link.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { useIsProvider, usePowers } from '../session/session.ts'
import { When } from '../time/when.tsx'
import { usePlaces } from './use-places.ts'

type Row = z.infer<typeof NoiseException> & { place: string; mayEnd: boolean }

const columns: Column<Row>[] = [
  { id: 'name', header: 'What', sortBy: (row) => row.kind, cell: (row) => <What row={row} /> },
  { id: 'place', header: 'Where', sortBy: (row) => row.place, cell: (row) => row.place },
  { id: 'spared', header: 'Spared', sortBy: (row) => row.spared, cell: (row) => <span className="tabular">{row.spared}</span> },
  { id: 'until', header: 'Until', sortBy: (row) => row.until, cell: (row) => <When at={row.until} as="instant" /> },
  { id: 'ticket', header: 'Said on', sortBy: (row) => row.createdAt, cell: (row) => <SaidOn row={row} /> },
  { id: 'end', header: '', sortBy: (row) => row.id, cell: (row) => row.mayEnd && <End row={row} /> },
]

/** What people called noise, from a ticket, until a date. */
export function ExceptionsCard() {
  const { data, error } = useQuery(exceptionsQuery(useApi()))
  const placeOf = usePlaces()
  const may = usePowers()
  const isProvider = useIsProvider()
  const mayEnd = may('work-tickets') && (isProvider || may('administer'))
  return (
    <ListCard
      title="Called noise"
      sentence="It opens nothing until its date; what is worse is heard of all the same. More is excepted when a ticket is resolved as noise."
      add={null}
      rows={data?.exceptions.map((row) => ({ ...row, place: placeOf(row), mayEnd }))}
      error={error}
      columns={columns}
      empty="Nothing is called noise."
    />
  )
}

function What({ row: { kind, fingerprint, reason } }: { row: Row }) {
  return (
    <>
      <Text component="div" size="sm" fw={550} className="breakable">
        {kind}
        {fingerprint === null ? ', all of it' : ', this very trouble'}
      </Text>
      <Text size="xs" c="dimmed" className="breakable">
        {reason}
      </Text>
    </>
  )
}

function SaidOn({ row: { ticketId, createdAt } }: { row: Row }) {
  return (
    <PageLink to="/tickets/$id" params={{ id: ticketId }} fz="sm">
      <When at={createdAt} />
    </PageLink>
  )
}

function End({ row: { id, kind, place } }: { row: Row }) {
  return (
    <ConfirmButton
      label="End"
      title={`Hear of ${kind} again?`}
      sentence={`From now on it opens tickets again: ${place}.`}
      stale={keys.exceptions}
      act={(api) => api.endException(id)}
    />
  )
}
