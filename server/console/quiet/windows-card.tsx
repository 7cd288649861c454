import { Badge, Group, List, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { MaintenanceWindowView } from '#shared/api/maintenance.ts'
import { useApi } from '../api/api-context.tsx'
import { windowsQuery } from '../api/desk-queries.ts'
import { keys } from '../api/keys.ts'
import { ConfirmButton } from '../frame/confirm-button.tsx'
import { DialogButton } from '../frame/dialog-button.tsx'
import { ListCard } from '../frame/list-card.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { usePowers } from '../session/session.ts'
import { sayThere, timeThere } from '../time/wall-clock.ts'
import { PlanWindow } from './plan-window.tsx'
import { usePlaces } from './use-places.ts'

type Row = MaintenanceWindowView & { place: string; mayEnd: boolean }

const columns: Column<Row>[] = [
  { id: 'name', header: 'Window', sortBy: (row) => row.name, cell: (row) => <Name row={row} /> },
  { id: 'place', header: 'Where', sortBy: (row) => row.place, cell: (row) => row.place },
  { id: 'next', header: 'Next, in site time', sortBy: (row) => row.next[0]?.opensAt ?? 0, cell: (row) => <Dates row={row} /> },
  { id: 'end', header: '', sortBy: (row) => row.id, cell: (row) => row.mayEnd && <End row={row} /> },
]

/** When machines may be silent, restart and complain without anybody being called. */
export function WindowsCard() {
  const { data, error } = useQuery(windowsQuery(useApi()))
  const placeOf = usePlaces()
  const mayPlan = usePowers()('administer')
  const rows = data?.windows.map((row) => ({
    ...row,
    place: placeOf({ scope: row.scope, value: row.value, organisationId: row.organisationId }),
    mayEnd: mayPlan,
  }))
  return (
    <ListCard
      title="Maintenance windows"
      sentence="What machines say meanwhile waits, and at the end only what is still true opens. Security never waits for a window."
      add={mayPlan && <DialogButton label="Plan a window" dialog={(close) => <PlanWindow onClose={close} />} />}
      rows={rows}
      error={error}
      columns={columns}
      empty="None is planned."
    />
  )
}

function Name({ row: { name, minutes, weekly, isOpen } }: { row: Row }) {
  return (
    <>
      <Text component="div" size="sm" fw={550} className="breakable">
        {name}{' '}
        {isOpen && (
          <Badge size="xs" color="orange" variant="light" tt="none">
            open now
          </Badge>
        )}
      </Text>
      <Text size="xs" c="dimmed">
        {weekly ? `weekly, ${weekly.days.join(', ')} at ${weekly.at}` : 'once'}, {minutes} min
      </Text>
    </>
  )
}

function Dates({ row: { next, timeZone } }: { row: Row }) {
  const zone = useMemo(() => timeZone.replace('_', ' '), [timeZone])
  return (
    <>
      <List size="sm" listStyleType="none" className="tabular">
        {next.map(({ opensAt, closesAt }) => (
          <List.Item key={opensAt} data-date>
            {sayThere(opensAt, timeZone)} – {timeThere(closesAt, timeZone)}
          </List.Item>
        ))}
      </List>
      <Text size="xs" c="dimmed">
        {zone}
      </Text>
    </>
  )
}

function End({ row: { id, name, isOpen, weekly } }: { row: Row }) {
  return (
    <Group gap={4} justify="flex-end">
      {isOpen && (
        <ConfirmButton
          label="End now"
          title={`End “${name}” now?`}
          sentence={`What is still true opens at once.${weekly ? ' It comes again on its next date.' : ''}`}
          stale={keys.windows}
          act={(api) => api.endWindow(id)}
        />
      )}
      <ConfirmButton
        label="Remove"
        title={`Take “${name}” off the plan?`}
        sentence={isOpen ? 'It is open: it closes now, and does not come again.' : 'It does not come.'}
        stale={keys.windows}
        act={(api) => api.removeWindow(id)}
      />
    </Group>
  )
}
