import { MultiSelect, NumberInput, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { NewStanding, StandingDraft } from '#shared/api/standing.ts'
import { useApi } from '../api/api-context.tsx'
import { keys } from '../api/keys.ts'
import { endpointsQuery } from '../api/queries.ts'
import { useChange } from '../api/use-change.ts'
import { ReasonInput } from '../bulk/reason-input.tsx'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'
import { chosenOrganisation, OrganisationSelect } from '../frame/organisation-select.tsx'

const longestDays = 180

/** One that ships, for one organisation: all its machines of the role, or those that are named. */
export function AskStanding({ draft: { draft, says, role, days }, onClose }: { draft: StandingDraft; onClose(): void }) {
  const { data } = useQuery(endpointsQuery(useApi()))
  const [endpoints, setEndpoints] = useState<string[]>([])
  const ask = useChange(keys.standing, (api, body: NewStanding) => api.askStanding(body))
  const machines = data?.endpoints.map(({ id, hostname, organisation }) => ({ value: id, label: `${hostname} (${organisation.name})` }))
  const submit = (fields: FormData): void => {
    const about = { draft, organisationId: chosenOrganisation(fields) ?? '', reason: textOf(fields, 'reason') }
    const named = endpoints.length > 0 && { endpoints }
    ask.mutate({ ...about, days: Number(textOf(fields, 'days')), ...named }, { onSuccess: onClose })
  }
  return (
    <DialogForm submit="Ask for it" isBusy={ask.isPending} error={ask.error} onSubmit={submit} onCancel={onClose}>
      <Text size="sm">{says} It begins once it is signed, and can be withdrawn at any time.</Text>
      <OrganisationSelect label="Organisation" />
      <MultiSelect
        label={`Only these machines; otherwise each ${role}, also those that come later`}
        data={machines ?? []}
        value={endpoints}
        onChange={setEndpoints}
        searchable
      />
      <NumberInput name="days" label="Days until it ends" defaultValue={days} min={1} max={longestDays} allowDecimal={false} />
      <ReasonInput />
    </DialogForm>
  )
}
