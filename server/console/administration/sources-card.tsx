import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import type { SourceList } from '#shared/api/administration.ts'
import { useApi } from '../api/api-context.tsx'
import { keys } from '../api/keys.ts'
import { sourcesQuery } from '../api/queries.ts'
import { useChange } from '../api/use-change.ts'
import { ConfirmButton } from '../frame/confirm-button.tsx'
import { DialogButton } from '../frame/dialog-button.tsx'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'
import { ListCard } from '../frame/list-card.tsx'
import { OrganisationSelect, useOrganisationNames } from '../frame/organisation-select.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { When } from '../time/when.tsx'
import { ShownOnce } from '../words/shown-once.tsx'

type Row = z.infer<typeof SourceList>['sources'][number] & { organisation: string }

const columns: Column<Row>[] = [
  {
    id: 'name',
    header: 'Name',
    sortBy: (source) => source.name,
    cell: (source) => (source.isSuspended ? `${source.name} (suspended by the restore)` : source.name),
  },
  { id: 'organisation', header: 'Of', sortBy: (source) => source.organisation, cell: (source) => source.organisation },
  { id: 'made', header: 'Made', sortBy: (source) => source.createdAt, cell: (source) => <When at={source.createdAt} /> },
  { id: 'end', header: '', sortBy: (source) => source.id, cell: (source) => <Revoke source={source} /> },
]

export function SourcesCard() {
  const { data, error } = useQuery(sourcesQuery(useApi()))
  const organisationOf = useOrganisationNames('')
  return (
    <ListCard
      title="Sources"
      sentence="Where signals come from that no agent sends: a firewall, a backup, another monitor."
      add={<DialogButton label="Make a source" dialog={(close) => <MakeSource onClose={close} />} />}
      rows={data?.sources.map((source) => ({ ...source, organisation: organisationOf(source.organisationId) }))}
      error={error}
      columns={columns}
      empty="Only agents send signals."
    />
  )
}

function MakeSource({ onClose }: { onClose(): void }) {
  const make = useChange(keys.sources, (api, input: Parameters<typeof api.makeSource>[0]) => api.makeSource(input))
  if (make.data) return <ShownOnce what="key" secret={make.data.key} line={exampleLine(make.data.key)} onDone={onClose} />
  const submit = (fields: FormData): void => make.mutate({ organisationId: textOf(fields, 'organisationId'), name: textOf(fields, 'name') })
  return (
    <DialogForm submit="Make it" isBusy={make.isPending} error={make.error} onSubmit={submit} onCancel={onClose}>
      <TextInput name="name" label="What is it?" placeholder="Firewall in the cellar" maxLength={200} required data-autofocus />
      <OrganisationSelect label="Whose signals" />
    </DialogForm>
  )
}

/** Opens a ticket once; sent again it is counted on the same one. */
function exampleLine(key: string): string {
  const signal = { kind: 'security.firewall.blocked', severity: 'medium', fingerprint: 'try-it', summary: 'A port scan was blocked' }
  return `curl -H 'Authorization: Bearer ${key}' -H 'content-type: application/json' -d '${JSON.stringify(signal)}' ${location.origin}/api/signals`
}

function Revoke({ source }: { source: Row }) {
  return (
    <ConfirmButton
      label="Revoke"
      title={`Revoke “${source.name}”?`}
      sentence="Signals that come with its key are refused from now on. What it sent before stays."
      stale={keys.sources}
      act={(api) => api.revokeSource(source.id)}
    />
  )
}
