import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import type { ReceiverList } from '#shared/api/administration.ts'
import { useApi } from '../api/api-context.tsx'
import { keys } from '../api/keys.ts'
import { receiversQuery } from '../api/queries.ts'
import { useChange } from '../api/use-change.ts'
import { ConfirmButton } from '../frame/confirm-button.tsx'
import { DialogButton } from '../frame/dialog-button.tsx'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'
import { ListCard } from '../frame/list-card.tsx'
import { chosenOrganisation, OrganisationSelect, useOrganisationNames } from '../frame/organisation-select.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { ShownOnce } from '../words/shown-once.tsx'

type Row = z.infer<typeof ReceiverList>['receivers'][number] & { organisation: string }

const EVERY = 'every organisation'

const columns: Column<Row>[] = [
  { id: 'name', header: 'Name', sortBy: (receiver) => receiver.name, cell: (receiver) => receiver.name },
  { id: 'notifier', header: 'How', sortBy: (receiver) => receiver.notifier, cell: (receiver) => receiver.notifier },
  { id: 'organisation', header: 'Hears of', sortBy: (receiver) => receiver.organisation, cell: (receiver) => receiver.organisation },
  { id: 'end', header: '', sortBy: (receiver) => receiver.id, cell: (receiver) => <End receiver={receiver} /> },
]

export function ReceiversCard() {
  const { data, error } = useQuery(receiversQuery(useApi()))
  const organisationOf = useOrganisationNames(EVERY)
  return (
    <ListCard
      title="Receivers"
      sentence="Who is told outside of this console when a ticket opens, moves or ends."
      add={<DialogButton label="Add a webhook" dialog={(close) => <AddReceiver onClose={close} />} />}
      rows={data?.receivers.map((receiver) => ({ ...receiver, organisation: organisationOf(receiver.organisationId) }))}
      error={error}
      columns={columns}
      empty="Nobody is told outside of this console."
    />
  )
}

function AddReceiver({ onClose }: { onClose(): void }) {
  const add = useChange(keys.receivers, (api, input: Parameters<typeof api.addReceiver>[0]) => api.addReceiver(input))
  if (add.data?.secret)
    return <ShownOnce what="secret" use="It signs every delivery (HMAC-SHA256)." secret={add.data.secret} onDone={onClose} />
  const submit = (fields: FormData): void =>
    add.mutate({
      name: textOf(fields, 'name'),
      notifier: 'webhook',
      url: textOf(fields, 'url'),
      organisationId: chosenOrganisation(fields),
    })
  return (
    <DialogForm submit="Add" isBusy={add.isPending} error={add.error} onSubmit={submit} onCancel={onClose}>
      <TextInput name="name" label="Name" maxLength={200} required data-autofocus />
      <TextInput name="url" label="Address" type="url" placeholder="https://chat.example.org/hooks/desk" maxLength={1_000} required />
      <OrganisationSelect label="Hears of" none={EVERY} />
    </DialogForm>
  )
}

function End({ receiver }: { receiver: Row }) {
  return (
    <ConfirmButton
      label="Remove"
      title={`Remove “${receiver.name}”?`}
      sentence="It is told nothing more."
      stale={keys.receivers}
      act={(api) => api.endReceiver(receiver.id)}
    />
  )
}
