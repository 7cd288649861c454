import { Badge, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import type { Person } from '#shared/api/administration.ts'
import { useApi } from '../api/api-context.tsx'
import { keys } from '../api/keys.ts'
import { peopleQuery } from '../api/queries.ts'
import { ConfirmButton } from '../frame/confirm-button.tsx'
import { DialogButton } from '../frame/dialog-button.tsx'
import { ListCard } from '../frame/list-card.tsx'
import { useOrganisationNames } from '../frame/organisation-select.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { useSession } from '../session/session.ts'
import { AddPerson } from './add-person.tsx'

type Row = z.infer<typeof Person> & { organisation: string }

const columns: Column<Row>[] = [
  { id: 'name', header: 'Name', sortBy: (person) => person.name, cell: (person) => <Name person={person} /> },
  { id: 'teams', header: 'Teams', sortBy: (person) => person.teams.join(', '), cell: (person) => person.teams.join(', ') || 'none' },
  { id: 'organisation', header: 'Of', sortBy: (person) => person.organisation, cell: (person) => person.organisation },
  { id: 'state', header: '', sortBy: (person) => Number(person.isDisabled), cell: (person) => <State person={person} /> },
]

export function PeopleCard() {
  const { data, error } = useQuery(peopleQuery(useApi()))
  const organisationOf = useOrganisationNames('the provider')
  return (
    <ListCard
      title="People"
      sentence="Who may sign in. Teams give powers, as the matrix says; an admin may do what stands on this page."
      add={<DialogButton label="Add a person" dialog={(close) => <AddPerson teams={data?.teams ?? []} onClose={close} />} />}
      rows={data?.people.map((person) => ({ ...person, organisation: organisationOf(person.organisationId) }))}
      error={error}
      columns={columns}
      empty="Nobody."
    />
  )
}

function Name({ person }: { person: Row }) {
  return (
    <>
      <Text component="div" size="sm" fw={550}>
        {person.name}{' '}
        {person.isAdmin && (
          <Badge size="xs" variant="light" tt="none">
            admin
          </Badge>
        )}
      </Text>
      <Text size="xs" c="dimmed">
        {person.login}
      </Text>
    </>
  )
}

function State({ person }: { person: Row }) {
  const session = useSession()
  if (person.isDisabled) {
    return (
      <Badge size="sm" variant="default" tt="none">
        disabled
      </Badge>
    )
  }
  if (person.id === session.person.id) return 'you'
  return (
    <ConfirmButton
      label="Disable"
      title={`Disable ${person.name}?`}
      sentence="They are signed out everywhere at once, and their tokens stop working. What they did stays on record."
      stale={keys.people}
      act={(api) => api.disablePerson(person.id)}
    />
  )
}
