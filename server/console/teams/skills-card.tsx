import { Badge, MultiSelect, NumberInput, TagsInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { RosterPlan } from '#shared/api/rosters.ts'
import { useApi } from '../api/api-context.tsx'
import { teamsQuery } from '../api/desk-queries.ts'
import { keys } from '../api/keys.ts'
import { useChange } from '../api/use-change.ts'
import { DialogButton } from '../frame/dialog-button.tsx'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'
import { ListCard } from '../frame/list-card.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { usePowers } from '../session/session.ts'

type Row = RosterPlan['people'][number] & { mayChange: boolean }

const columns: Column<Row>[] = [
  { id: 'name', header: 'Who', sortBy: (row) => row.name, cell: (row) => <Who row={row} /> },
  { id: 'teams', header: 'Teams', sortBy: (row) => row.teams.join(', '), cell: (row) => row.teams.join(', ') || 'none' },
  { id: 'leads', header: 'Leads', sortBy: (row) => row.leads.join(', '), cell: (row) => row.leads.join(', ') },
  { id: 'skills', header: 'Knows', sortBy: (row) => row.skills.join(', '), cell: (row) => row.skills.join(', ') },
  { id: 'wip', header: 'At once', sortBy: (row) => row.wipLimit ?? Number.MAX_SAFE_INTEGER, cell: (row) => row.wipLimit ?? 'any number' },
  { id: 'change', header: '', sortBy: (row) => row.id, cell: (row) => row.mayChange && <Change row={row} /> },
]

/** What people know, lead and take on: by it tickets are given to them. */
export function SkillsCard({ plan }: { plan: RosterPlan }) {
  const mayChange = usePowers()('administer')
  return (
    <ListCard
      title="Skills and work in progress"
      sentence="Tickets go to whoever knows what the matrix asks for and has the least, never to somebody who has as many as they take on."
      add={null}
      rows={plan.people.map((person) => ({ ...person, mayChange }))}
      error={null}
      columns={columns}
      empty="Nobody may sign in."
    />
  )
}

function Who({ row: { name, isAway } }: { row: Row }) {
  return (
    <>
      {name}{' '}
      {isAway && (
        <Badge size="xs" variant="default" tt="none">
          away
        </Badge>
      )}
    </>
  )
}

function Change({ row }: { row: Row }) {
  return (
    <DialogButton
      size="compact-xs"
      variant="default"
      label="Change"
      title={`What ${row.name} does`}
      dialog={(close) => <WorkForm person={row} onClose={close} />}
    />
  )
}

function WorkForm({ person, onClose }: { person: Row; onClose(): void }) {
  const { data } = useQuery(teamsQuery(useApi()))
  const describe = useChange(keys.rosters, (api, body: Parameters<typeof api.describePerson>[1]) => api.describePerson(person.id, body))
  const submit = (fields: FormData): void => {
    const list = (name: string): string[] => textOf(fields, name).split(',').filter(Boolean)
    const limit = textOf(fields, 'wipLimit')
    const body = { skills: list('skills'), leads: list('leads'), wipLimit: limit === '' ? null : Number(limit) }
    describe.mutate(body, { onSuccess: onClose })
  }
  return (
    <DialogForm submit="Keep it" isBusy={describe.isPending} error={describe.error} onSubmit={submit} onCancel={onClose}>
      <TagsInput
        name="skills"
        label="Knows"
        description="As routes of the matrix ask for it."
        defaultValue={person.skills}
        data-autofocus
      />
      <MultiSelect name="leads" label="Leads" data={data?.teams.map(({ team }) => team) ?? []} defaultValue={person.leads} clearable />
      <NumberInput
        name="wipLimit"
        label="Tickets at once"
        description="Left empty: any number."
        min={0}
        max={1_000}
        {...(person.wipLimit !== null && { defaultValue: person.wipLimit })}
      />
    </DialogForm>
  )
}
