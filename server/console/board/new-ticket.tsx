import { Radio, Select, Stack, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { Urgency } from '#shared/domain/priority.ts'
import { useApi } from '../api/api-context.tsx'
import { keys } from '../api/keys.ts'
import { endpointsQuery, organisationsQuery } from '../api/queries.ts'
import { useChange } from '../api/use-change.ts'
import { DialogButton } from '../frame/dialog-button.tsx'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'
import { usePowers } from '../session/session.ts'

/** What somebody said on the telephone becomes a ticket; the matrix decides how bad it is and who has it. */
export function NewTicketButton() {
  const may = usePowers()
  if (!may('work-tickets')) return null
  return <DialogButton label="New ticket" dialog={(close) => <NewTicketForm onClose={close} />} />
}

function NewTicketForm({ onClose }: { onClose(): void }) {
  const navigate = useNavigate()
  const create = useChange(keys.tickets, (api, input: Parameters<typeof api.createTicket>[0]) => api.createTicket(input))
  const submit = (fields: FormData): void => {
    const endpointId = textOf(fields, 'endpointId')
    const mail = textOf(fields, 'mail')
    create.mutate(
      {
        organisationId: textOf(fields, 'organisationId'),
        ...(endpointId !== '' && { endpointId }),
        title: textOf(fields, 'title'),
        text: textOf(fields, 'text'),
        urgency: Urgency.parse(textOf(fields, 'urgency')),
        ...(mail !== '' && { requester: { name: textOf(fields, 'name') || mail, mail } }),
      },
      { onSuccess: ({ id }) => void navigate({ to: '/tickets/$id', params: { id } }) },
    )
  }
  return (
    <DialogForm submit="Open it" isBusy={create.isPending} error={create.error} onSubmit={submit} onCancel={onClose}>
      <TextInput name="title" label="What is wrong" maxLength={300} required data-autofocus />
      <Where />
      <TextInput name="name" label="Who asks" placeholder="Nobody in particular" maxLength={200} />
      <TextInput name="mail" type="email" label="Their mail address" description="They hear what becomes of it." maxLength={320} />
      <Textarea name="text" label="What they say" autosize minRows={3} maxLength={10_000} />
      <CanCarryOn />
    </DialogForm>
  )
}

/** Whose trouble it is, and with which of their machines. */
function Where() {
  const api = useApi()
  const organisations = useQuery(organisationsQuery(api)).data?.organisations ?? []
  const endpoints = useQuery(endpointsQuery(api)).data?.endpoints ?? []
  const [chosen, setChosen] = useState<string | null>(null)
  const organisationId = chosen ?? organisations[0]?.id ?? null
  const machines = endpoints.filter(({ organisation }) => organisation.id === organisationId)
  return (
    <>
      <Select
        name="organisationId"
        label="Organisation"
        data={organisations.map(({ id, name }) => ({ value: id, label: name }))}
        value={organisationId}
        onChange={setChosen}
        allowDeselect={false}
        searchable
      />
      <Select
        key={organisationId}
        name="endpointId"
        label="Machine"
        placeholder="None, or not known yet"
        data={machines.map(({ id, hostname }) => ({ value: id, label: hostname }))}
        nothingFoundMessage="No machine is called so."
        clearable
        searchable
      />
    </>
  )
}

const urgencies: Record<Urgency, string> = { high: 'No', medium: 'With difficulty', low: 'Yes, it can wait' }

function CanCarryOn() {
  return (
    <Radio.Group name="urgency" label="Can they carry on?" defaultValue="medium">
      <Stack gap={8} mt={6}>
        {Urgency.options.toReversed().map((urgency) => (
          <Radio key={urgency} value={urgency} label={urgencies[urgency]} />
        ))}
      </Stack>
    </Radio.Group>
  )
}
