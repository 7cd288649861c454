import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useApi } from '../api/api-context.tsx'
import { organisationsQuery } from '../api/queries.ts'
import { useSession } from '../session/session.ts'

/** What is called so is no id: ids are UUIDs. */
const NONE = 'none'

/**
 * Fills the field `organisationId`.
 * @param none what it means to name none; staff of the provider may. Absent: one has to be named.
 */
export function OrganisationSelect({ label, none }: { label: string; none?: string }) {
  const { person } = useSession()
  const { data } = useQuery(organisationsQuery(useApi()))
  if (!data) return null
  const organisations = data.organisations.map(({ id, name }) => ({ value: id, label: name }))
  const choices = none !== undefined && person.organisationId === null ? [{ value: NONE, label: none }, ...organisations] : organisations
  return (
    <Select name="organisationId" label={label} data={choices} defaultValue={choices[0]?.value ?? null} allowDeselect={false} searchable />
  )
}

/** What was chosen; null: none. */
export function chosenOrganisation(fields: FormData): string | null {
  const id = fields.get('organisationId')
  return typeof id === 'string' && id !== NONE ? id : null
}

/** Names by id; `none` for null. */
export function useOrganisationNames(none: string): (id: string | null) => string {
  const { data } = useQuery(organisationsQuery(useApi()))
  return (id) => (id === null ? none : (data?.organisations.find((organisation) => organisation.id === id)?.name ?? ''))
}
