import type { RosterPlan } from '#shared/api/rosters.ts'
import { keys } from '../api/keys.ts'
import { useChange } from '../api/use-change.ts'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { When } from '../time/when.tsx'
import { PersonField, SiteField, SpanFields, siteOf, spanOf, TeamField } from './fields.tsx'
import { PlanCard, Remove } from './plan-card.tsx'

type Row = RosterPlan['overrides'][number]

const columns: Column<Row>[] = [
  { id: 'name', header: 'Team', sortBy: (row) => row.team, cell: (row) => row.team },
  { id: 'site', header: 'For', sortBy: (row) => row.site?.name ?? '', cell: (row) => row.site?.name ?? 'Every site' },
  { id: 'person', header: 'Stands in', sortBy: (row) => row.person.name, cell: (row) => row.person.name },
  { id: 'from', header: 'From', sortBy: (row) => row.from, cell: (row) => <When at={row.from} as="instant" /> },
  { id: 'until', header: 'Until', sortBy: (row) => row.until, cell: (row) => <When at={row.until} as="instant" /> },
  {
    id: 'end',
    header: '',
    sortBy: (row) => row.id,
    cell: (row) => (
      <Remove
        title={`${row.person.name} does not stand in?`}
        sentence="Whoever has the turn is called first again."
        act={(api) => api.removeOverride(row.id)}
      />
    ),
  },
]

/** Somebody else is on call for a while. */
export function OverridesCard({ plan }: { plan: RosterPlan }) {
  return (
    <PlanCard
      title="Standing in"
      sentence="Somebody else is called first for a while, for one site or for all, before whoever has the turn."
      add="Let somebody stand in"
      form={(close) => <OverrideForm plan={plan} onClose={close} />}
      rows={plan.overrides}
      columns={columns}
      empty="Nobody stands in."
    />
  )
}

function OverrideForm({ plan, onClose }: { plan: RosterPlan; onClose(): void }) {
  const add = useChange(keys.rosters, (api, body: Parameters<typeof api.addOverride>[0]) => api.addOverride(body))
  const submit = (fields: FormData): void =>
    add.mutate(
      { team: textOf(fields, 'team'), personId: textOf(fields, 'personId'), ...siteOf(fields), ...spanOf(fields) },
      { onSuccess: onClose },
    )
  return (
    <DialogForm submit="Plan it" isBusy={add.isPending} error={add.error} onSubmit={submit} onCancel={onClose}>
      <TeamField />
      <PersonField plan={plan} label="Who stands in" />
      <SiteField />
      <SpanFields />
    </DialogForm>
  )
}
