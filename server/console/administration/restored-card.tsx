import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { Restored } from '#shared/api/restored.ts'
import { useApi } from '../api/api-context.tsx'
import { keys } from '../api/keys.ts'
import { restoredQuery } from '../api/queries.ts'
import { useChange } from '../api/use-change.ts'
import { ConfirmButton } from '../frame/confirm-button.tsx'
import { DialogButton } from '../frame/dialog-button.tsx'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'
import { ListCard } from '../frame/list-card.tsx'
import { OrganisationSelect } from '../frame/organisation-select.tsx'
import { PageLink } from '../frame/page-link.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { When } from '../time/when.tsx'

/** Something that waits since the restore, whatever it is. */
interface Row {
  id: string
  what: 'Command' | 'Machine' | 'Source' | 'Token'
  name: string
  /** Whose it is, or where it dials from. */
  of: string
  at: number
  /** Of a command. */
  endpointId: string | null
}

const columns: Column<Row>[] = [
  { id: 'what', header: 'What', sortBy: (row) => row.what, cell: (row) => row.what },
  { id: 'name', header: 'Name', sortBy: (row) => row.name, cell: (row) => <span className="breakable">{row.name}</span> },
  { id: 'of', header: 'Of', sortBy: (row) => row.of, cell: (row) => row.of },
  { id: 'at', header: 'Since', sortBy: (row) => row.at, cell: (row) => <When at={row.at} /> },
  { id: 'act', header: '', sortBy: (row) => row.id, cell: (row) => <Act row={row} /> },
]

/** What a restored collector could not tell from what had been ended since its backup; gone once all is decided. */
export function RestoredCard() {
  const { data, error } = useQuery(restoredQuery(useApi()))
  if (!data?.last) return null
  const rows = rowsOf(data)
  if (rows.length === 0 && data.endpointsAwaited === 0) return null
  return (
    <ListCard
      title="Since the restore"
      sentence="What may have been ended since the backup, or was not there yet. None of it works before you say so."
      add={
        <Text size="xs" c="dimmed">
          Restored <When at={data.last.restoredAt} as="instant" /> from a backup of <When at={data.last.madeAt} as="instant" />; machines
          not heard since: {data.endpointsAwaited}
        </Text>
      }
      rows={rows}
      error={error}
      columns={columns}
      empty="Everything is decided."
    />
  )
}

function rowsOf({ endpoints, commands, tokens, sources }: Restored): Row[] {
  return [
    ...endpoints.map(({ id, hostname, serial, address, firstSeenAt }) => ({
      ...{
        id,
        what: 'Machine' as const,
        name: `${hostname || 'unknown'} (serial ${serial})`,
        of: address,
        at: firstSeenAt,
        endpointId: null,
      },
    })),
    ...commands.map(({ id, verb, reason, endpoint, requestedAt }) => ({
      ...{ id, what: 'Command' as const, name: `${verb}: ${reason}`, of: endpoint.name, at: requestedAt, endpointId: endpoint.id },
    })),
    ...tokens.map(({ id, name, person, createdAt }) => ({
      id,
      what: 'Token' as const,
      name,
      of: person.name,
      at: createdAt,
      endpointId: null,
    })),
    ...sources.map(({ id, name, organisation, createdAt }) => ({
      ...{ id, what: 'Source' as const, name, of: organisation.name, at: createdAt, endpointId: null },
    })),
  ]
}

function Act({ row }: { row: Row }) {
  if (row.endpointId !== null) {
    return (
      <PageLink to="/endpoints/$id" params={{ id: row.endpointId }} size="sm">
        Decide
      </PageLink>
    )
  }
  if (row.what === 'Machine') return <LetIn row={row} />
  return (
    <ConfirmButton
      label="Let it go on"
      title={`Let “${row.name}” go on?`}
      sentence="It works again with the secret that it has. Make sure that nobody had revoked it since the backup."
      // The list of tokens, or of sources, says so, too.
      stale={[]}
      act={(api) => (row.what === 'Token' ? api.confirmToken(row.id) : api.confirmSource(row.id))}
    />
  )
}

function LetIn({ row }: { row: Row }) {
  return (
    <DialogButton
      size="compact-xs"
      variant="default"
      label="Let it in"
      title={`Let ${row.name} in again?`}
      dialog={(close) => <Place endpointId={row.id} onClose={close} />}
    />
  )
}

function Place({ endpointId, onClose }: { endpointId: string; onClose(): void }) {
  const adopt = useChange(keys.restored, (api, organisationId: string) => api.adopt(endpointId, organisationId))
  const submit = (fields: FormData): void => adopt.mutate(textOf(fields, 'organisationId'), { onSuccess: onClose })
  return (
    <DialogForm submit="Let it in" isBusy={adopt.isPending} error={adopt.error} onSubmit={submit} onCancel={onClose}>
      <Text size="sm">
        Its certificate is from this collector, and the backup is older than its enrolment. It comes back within a minute as the machine
        that it was; what it has kept is not lost.
      </Text>
      <OrganisationSelect label="Whose machine it is" />
    </DialogForm>
  )
}
