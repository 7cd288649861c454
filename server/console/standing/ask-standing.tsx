import { Group, MultiSelect, NumberInput, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { NewStanding, StandingDraft } from '#shared/api/standing.ts'
import type { Window } from '#shared/protocol/standing-order.ts'
import { useApi } from '../api/api-context.tsx'
import { keys } from '../api/keys.ts'
import { endpointsQuery } from '../api/queries.ts'
import { useChange } from '../api/use-change.ts'
import { ReasonInput } from '../bulk/reason-input.tsx'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'
import { chosenOrganisation, OrganisationSelect } from '../frame/organisation-select.tsx'
import { DaysOfWeek, dayNumbers } from '../words/days-of-week.tsx'

const longestDays = 180

/** One that ships, for one organisation: all its machines of the role, or those that are named. */
export function AskStanding({ draft: { draft, says, role, days, when }, onClose }: { draft: StandingDraft; onClose(): void }) {
  const { data } = useQuery(endpointsQuery(useApi()))
  const [endpoints, setEndpoints] = useState<string[]>([])
  const ask = useChange(keys.standing, (api, body: NewStanding) => api.askStanding(body))
  const machines = data?.endpoints.map(({ id, hostname, organisation }) => ({ value: id, label: `${hostname} (${organisation.name})` }))
  const submit = (fields: FormData): void => {
    const about = { draft, organisationId: chosenOrganisation(fields) ?? '', reason: textOf(fields, 'reason') }
    const named = endpoints.length > 0 && { endpoints }
    const window = when.kind === 'window' && { when: windowOf(fields) }
    ask.mutate({ ...about, days: Number(textOf(fields, 'lasts')), ...named, ...window }, { onSuccess: onClose })
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
      {when.kind === 'window' && <WindowFields window={when} />}
      <NumberInput name="lasts" label="Days until it ends" defaultValue={days} min={1} max={longestDays} allowDecimal={false} />
      <ReasonInput />
    </DialogForm>
  )
}

/** Other days and hours than the draft's; without a zone by the clock of each machine's site. */
function WindowFields({ window: { days, from, to } }: { window: Window }) {
  return (
    <>
      <DaysOfWeek chosen={days} />
      <Group grow>
        <TextInput name="from" type="time" label="From" defaultValue={from} required />
        <TextInput name="to" type="time" label="To" defaultValue={to} description="Earlier: on the next day" required />
      </Group>
      <TextInput name="timeZone" label="By another clock than that of each machine’s site" placeholder="Europe/Berlin" />
    </>
  )
}

function windowOf(fields: FormData): NonNullable<NewStanding['when']> {
  const timeZone = textOf(fields, 'timeZone')
  const hours = { from: textOf(fields, 'from'), to: textOf(fields, 'to') }
  return { kind: 'window', days: dayNumbers(fields), ...hours, ...(timeZone !== '' && { timeZone }) }
}
