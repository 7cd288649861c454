import { MultiSelect, NumberInput, TextInput } from '@mantine/core'
import type { RosterPlan } from '#shared/api/rosters.ts'
import { keys } from '../api/keys.ts'
import { useChange } from '../api/use-change.ts'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { TeamField, ZoneField } from './fields.tsx'
import { choicesOf, namesOf } from './names-of.ts'
import { PlanCard, Remove } from './plan-card.tsx'

type Row = RosterPlan['rotations'][number]

const columns: Column<Row>[] = [
  { id: 'name', header: 'Team', sortBy: (row) => row.team, cell: (row) => row.team },
  { id: 'people', header: 'In turn', sortBy: (row) => namesOf(row.people), cell: (row) => namesOf(row.people) },
  {
    id: 'handOver',
    header: 'Handed over',
    sortBy: (row) => row.everyDays,
    cell: (row) => `every ${row.everyDays} days at ${row.handOver}, since ${row.startsOn} (${row.timeZone})`,
  },
  {
    id: 'end',
    header: '',
    sortBy: (row) => row.id,
    cell: (row) => (
      <Remove
        title={`End the turns of ${row.team}?`}
        sentence="Until there is another rota, the whole team is on call."
        act={(api) => api.removeRotation(row.id)}
      />
    ),
  },
]

/** Who takes turns on call. */
export function RotationsCard({ plan }: { plan: RosterPlan }) {
  return (
    <PlanCard
      title="Turns on call"
      sentence="Whoever has the turn is called first, then those whose turn comes next. A team without turns is on call as a whole."
      add="Plan turns"
      form={(close) => <RotationForm plan={plan} onClose={close} />}
      rows={plan.rotations}
      columns={columns}
      empty="No team takes turns."
    />
  )
}

function RotationForm({ plan, onClose }: { plan: RosterPlan; onClose(): void }) {
  const add = useChange(keys.rosters, (api, body: Parameters<typeof api.addRotation>[0]) => api.addRotation(body))
  const submit = (fields: FormData): void => {
    const text = (name: string): string => textOf(fields, name)
    const people = text('people').split(',').filter(Boolean)
    const turns = {
      startsOn: text('startsOn'),
      handOver: text('handOver'),
      everyDays: Number(text('everyDays')),
      timeZone: text('timeZone'),
    }
    add.mutate({ team: text('team'), people, ...turns }, { onSuccess: onClose })
  }
  return (
    <DialogForm submit="Plan it" isBusy={add.isPending} error={add.error} onSubmit={submit} onCancel={onClose}>
      <TeamField />
      <MultiSelect name="people" label="In this order" data={choicesOf(plan.people)} required searchable hidePickedOptions />
      <TextInput name="startsOn" type="date" label="The first one's turn begins on" required />
      <TextInput name="handOver" type="time" label="Handed over at" defaultValue="09:00" required />
      <NumberInput name="everyDays" label="Every so many days" min={1} max={366} defaultValue={7} required />
      <ZoneField />
    </DialogForm>
  )
}
