import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import type { DisarmedDetectors } from '#shared/api/noise.ts'
import { useApi } from '../api/api-context.tsx'
import { disarmedQuery } from '../api/desk-queries.ts'
import { keys } from '../api/keys.ts'
import { ConfirmButton } from '../frame/confirm-button.tsx'
import { ListCard } from '../frame/list-card.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { usePowers } from '../session/session.ts'
import { When } from '../time/when.tsx'

type Row = z.infer<typeof DisarmedDetectors>['detectors'][number] & { mayArm: boolean }

const columns: Column<Row>[] = [
  { id: 'name', header: 'Detector', sortBy: (row) => row.detector, cell: (row) => row.detector },
  { id: 'kind', header: 'Kind', sortBy: (row) => row.kind, cell: (row) => row.kind },
  { id: 'rule', header: 'Rule', sortBy: (row) => row.rule, cell: (row) => row.rule },
  { id: 'since', header: 'Since', sortBy: (row) => row.disarmedAt, cell: (row) => <When at={row.disarmedAt} as="instant" /> },
  { id: 'arm', header: '', sortBy: (row) => row.id, cell: (row) => row.mayArm && <Arm row={row} /> },
]

/** Detectors whose alarms were false too often. */
export function DetectorsCard() {
  const { data, error } = useQuery(disarmedQuery(useApi()))
  const mayArm = usePowers()('administer')
  return (
    <ListCard
      title="Disarmed detectors"
      sentence="Their alarms were false three times within a week: they open tickets, and isolate nothing without a person."
      add={null}
      rows={data?.detectors.map((row) => ({ ...row, mayArm }))}
      error={error}
      columns={columns}
      empty="All are armed."
    />
  )
}

function Arm({ row: { id, detector } }: { row: Row }) {
  return (
    <ConfirmButton
      label="Arm"
      title={`Arm ${detector} again?`}
      sentence="It may isolate machines by itself again, as the matrix says."
      stale={keys.disarmed}
      act={(api) => api.arm(id)}
    />
  )
}
