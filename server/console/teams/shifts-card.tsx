import { Group, TextInput } from '@mantine/core'
import type { RosterPlan } from '#shared/api/rosters.ts'
import { keys } from '../api/keys.ts'
import { useChange } from '../api/use-change.ts'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { chosenDays, DaysOfWeek } from '../words/days-of-week.tsx'
import { PersonField, TeamField, ZoneField } from './fields.tsx'
import { PlanCard, Remove } from './plan-card.tsx'

type Row = RosterPlan['shifts'][number]

const columns: Column<Row>[] = [
  { id: 'name', header: 'Team', sortBy: (row) => row.team, cell: (row) => row.team },
  { id: 'person', header: 'Who', sortBy: (row) => row.person.name, cell: (row) => row.person.name },
  { id: 'days', header: 'On', sortBy: (row) => row.days.length, cell: (row) => row.days.join(', ') },
  {
    id: 'hours',
    header: 'Hours',
    sortBy: (row) => row.from,
    cell: (row) => `${row.from} – ${row.to} (${row.timeZone})`,
  },
  {
    id: 'end',
    header: '',
    sortBy: (row) => row.id,
    cell: (row) => (
      <Remove
        title={`Take this shift of ${row.person.name} off the plan?`}
        sentence="A team without shifts works whenever its members are there."
        act={(api) => api.removeShift(row.id)}
      />
    ),
  },
]

/** Who works when, week by week. */
export function ShiftsCard({ plan }: { plan: RosterPlan }) {
  return (
    <PlanCard
      title="Shifts"
      sentence="Tickets are given to those whose shift it is. A team without shifts works whenever its members are there."
      add="Plan a shift"
      form={(close) => <ShiftForm plan={plan} onClose={close} />}
      rows={plan.shifts}
      columns={columns}
      empty="No team has shifts."
    />
  )
}

function ShiftForm({ plan, onClose }: { plan: RosterPlan; onClose(): void }) {
  const add = useChange(keys.rosters, (api, body: Parameters<typeof api.addShift>[0]) => api.addShift(body))
  const submit = (fields: FormData): void => {
    const text = (name: string): string => textOf(fields, name)
    const hours = { days: chosenDays(fields), from: text('from'), to: text('to'), timeZone: text('timeZone') }
    add.mutate({ team: text('team'), personId: text('personId'), ...hours }, { onSuccess: onClose })
  }
  return (
    <DialogForm submit="Plan it" isBusy={add.isPending} error={add.error} onSubmit={submit} onCancel={onClose}>
      <TeamField />
      <PersonField plan={plan} label="Who" />
      <DaysOfWeek />
      <Group grow>
        <TextInput name="from" type="time" label="From" defaultValue="08:00" required />
        <TextInput name="to" type="time" label="To" defaultValue="17:00" description="Earlier: on the next day" required />
      </Group>
      <ZoneField />
    </DialogForm>
  )
}
