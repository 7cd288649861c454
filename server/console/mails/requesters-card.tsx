import { Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { Requester } from '#shared/api/requests.ts'
import { Language } from '#shared/domain/language.ts'
import { useApi } from '../api/api-context.tsx'
import { requestersQuery, rosterPlanQuery } from '../api/desk-queries.ts'
import { keys } from '../api/keys.ts'
import { useChange } from '../api/use-change.ts'
import { DialogButton } from '../frame/dialog-button.tsx'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'
import { ListCard } from '../frame/list-card.tsx'
import { chosenOrganisation, OrganisationSelect, useOrganisationNames } from '../frame/organisation-select.tsx'
import type { Column } from '../frame/sortable-table.tsx'

type Row = Requester & { organisation: string }

const languageName: Record<Language, string> = { en: 'English', de: 'German' }
const OF_ORGANISATION = 'the organisation’s'

const columns: Column<Row>[] = [
  { id: 'name', header: 'Name', sortBy: (row) => row.name, cell: (row) => <span className="breakable">{row.name}</span> },
  { id: 'mail', header: 'Mail', sortBy: (row) => row.mail, cell: (row) => <span className="breakable">{row.mail}</span> },
  { id: 'organisation', header: 'Of', sortBy: (row) => row.organisation, cell: (row) => row.organisation },
  {
    id: 'language',
    header: 'Language',
    sortBy: (row) => row.language ?? '',
    cell: (row) => (row.language ? languageName[row.language] : OF_ORGANISATION),
  },
  {
    id: 'vip',
    header: 'VIP',
    sortBy: ({ vip }) => (vip ? (vip.technician ?? '!') : '~'),
    cell: ({ vip }) => vip && <span className="breakable">{vip.technician ?? 'nobody is named any more'}</span>,
  },
  { id: 'change', header: '', sortBy: (row) => row.id, cell: (row) => <Change requester={row} /> },
]

/** Who asks for something. Whoever stands here is known when a mail of theirs comes. */
export function RequestersCard() {
  const { data, error } = useQuery(requestersQuery(useApi()))
  const organisationOf = useOrganisationNames('')
  return (
    <ListCard
      title="People who ask"
      sentence="Their mails open tickets and answer them, and they hear what becomes of what they asked for."
      add={<DialogButton label="Add somebody" dialog={(close) => <RequesterForm onClose={close} />} />}
      rows={data?.requesters.map((row) => ({ ...row, organisation: organisationOf(row.organisationId) }))}
      error={error}
      columns={columns}
      empty="Nobody has asked for anything yet."
    />
  )
}

function Change({ requester }: { requester: Row }) {
  return (
    <DialogButton
      size="compact-xs"
      variant="default"
      label="Change"
      title={`Who is ${requester.mail}?`}
      dialog={(close) => <RequesterForm requester={requester} onClose={close} />}
    />
  )
}

const same = 'same'
const nobody = 'nobody'
const languages = [{ value: same, label: OF_ORGANISATION }, ...Language.options.map((value) => ({ value, label: languageName[value] }))]

function RequesterForm({ requester, onClose }: { requester?: Row; onClose(): void }) {
  const put = useChange(keys.requesters, (api, body: Parameters<typeof api.putRequester>[0]) => api.putRequester(body))
  const { data: plan } = useQuery(rosterPlanQuery(useApi()))
  const named = requester?.vip?.technicianId ?? nobody
  const technicians = plan?.people.map(({ id, name }) => ({ value: id, label: name })) ?? []
  const submit = (fields: FormData): void => {
    const [language, timeZone, technicianId] = [textOf(fields, 'language'), textOf(fields, 'timeZone'), textOf(fields, 'technician')]
    put.mutate(
      {
        organisationId: requester?.organisationId ?? chosenOrganisation(fields) ?? '',
        ...{ name: textOf(fields, 'name'), mail: requester?.mail ?? textOf(fields, 'mail') },
        ...{ language: language === same ? null : Language.parse(language), timeZone: timeZone === '' ? null : timeZone },
        ...(plan && technicianId !== named && { vip: technicianId === nobody ? null : { technicianId } }),
      },
      { onSuccess: onClose },
    )
  }
  return (
    <DialogForm submit="Keep it" isBusy={put.isPending} error={put.error} onSubmit={submit} onCancel={onClose}>
      <TextInput name="name" label="Name" maxLength={200} defaultValue={requester?.name ?? ''} required data-autofocus />
      {!requester && <TextInput name="mail" type="email" label="Mail address" maxLength={320} required />}
      {!requester && <OrganisationSelect label="Of" />}
      <Select name="language" label="Language" data={languages} defaultValue={requester?.language ?? same} allowDeselect={false} />
      <TextInput
        name="timeZone"
        label="Time zone"
        description="Left empty: that of their site or organisation."
        placeholder="Europe/Berlin"
        defaultValue={requester?.timeZone ?? ''}
      />
      {plan && (
        <Select
          name="technician"
          label="VIP, with the technician"
          description="Who has their tickets while there, and they hear twice as often. Their priority stays everybody’s."
          data={[{ value: nobody, label: 'no VIP' }, ...technicians]}
          defaultValue={named}
          allowDeselect={false}
        />
      )}
    </DialogForm>
  )
}
