import { Text } from '@mantine/core'
import type { RosterPlan } from '#shared/api/rosters.ts'
import { keys } from '../api/keys.ts'
import { useChange } from '../api/use-change.ts'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { When } from '../time/when.tsx'
import { PersonField, SpanFields, spanOf } from './fields.tsx'
import { PlanCard, Remove } from './plan-card.tsx'

type Row = RosterPlan['absences'][number]

const columns: Column<Row>[] = [
  { id: 'name', header: 'Who', sortBy: (row) => row.person.name, cell: (row) => row.person.name },
  { id: 'from', header: 'From', sortBy: (row) => row.from, cell: (row) => <When at={row.from} as="instant" /> },
  { id: 'until', header: 'Until', sortBy: (row) => row.until, cell: (row) => <When at={row.until} as="instant" /> },
  {
    id: 'end',
    header: '',
    sortBy: (row) => row.id,
    cell: (row) => (
      <Remove
        label="Is back"
        title={`${row.person.name} is back?`}
        sentence="They are given tickets and called again from now on. What went back to its queue stays there."
        act={(api) => api.bringBack(row.person.id)}
      />
    ),
  },
]

/** Who is away, now or soon. */
export function AbsencesCard({ plan }: { plan: RosterPlan }) {
  return (
    <PlanCard
      title="Away"
      sentence="Their turns on call pass to the next, and their tickets go back to their queues when it begins."
      add="Say that somebody is away"
      form={(close) => <AwayForm plan={plan} onClose={close} />}
      rows={plan.absences}
      columns={columns}
      empty="Everybody is there."
    />
  )
}

function AwayForm({ plan, onClose }: { plan: RosterPlan; onClose(): void }) {
  const send = useChange(keys.rosters, (api, { personId, ...span }: { personId: string; from: number; until: number }) =>
    api.sendAway(personId, span),
  )
  const submit = (fields: FormData): void =>
    send.mutate({ personId: textOf(fields, 'personId'), ...spanOf(fields) }, { onSuccess: onClose })
  return (
    <DialogForm submit="They are away" isBusy={send.isPending} error={send.error} onSubmit={submit} onCancel={onClose}>
      <PersonField plan={plan} label="Who" />
      <SpanFields />
      <Text size="xs" c="dimmed">
        Tickets that they have, waiting ones too, go back with what was done so far.
      </Text>
    </DialogForm>
  )
}
