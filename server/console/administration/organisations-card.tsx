import { List, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import type { LivePreview, OrganisationList } from '#shared/api/administration.ts'
import { useApi } from '../api/api-context.tsx'
import { keys } from '../api/keys.ts'
import { organisationsQuery, previewQuery } from '../api/queries.ts'
import { useChange } from '../api/use-change.ts'
import { DialogButton } from '../frame/dialog-button.tsx'
import { DialogForm } from '../frame/dialog-form.tsx'
import { ListCard } from '../frame/list-card.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { CallWhom } from './call-whom.tsx'
import { KeptDays } from './kept-days.tsx'

type Row = z.infer<typeof OrganisationList>['organisations'][number]
type Preview = z.infer<typeof LivePreview>

const modes = { observe: 'observes', live: 'live' }
const columns: Column<Row>[] = [
  { id: 'name', header: 'Name', sortBy: (row) => row.name, cell: (row) => row.name },
  { id: 'mode', header: 'Mode', sortBy: (row) => row.mode, cell: (row) => modes[row.mode] },
  { id: 'plan', header: 'Plan', sortBy: (row) => row.plan, cell: (row) => row.plan },
  { id: 'language', header: 'Language', sortBy: (row) => row.language, cell: (row) => row.language },
  {
    id: 'call',
    header: 'Who is called at a machine',
    sortBy: (row) => row.callWhom.join(),
    cell: (row) => <CallWhom organisation={row} />,
  },
  { id: 'kept', header: 'Kept for', sortBy: (row) => row.keptDays, cell: (row) => <KeptDays organisation={row} /> },
  { id: 'change', header: '', sortBy: (row) => row.id, cell: (row) => <ChangeMode organisation={row} /> },
]

/** Who is watched, and who is protected by itself. */
export function OrganisationsCard() {
  const { data, error } = useQuery(organisationsQuery(useApi()))
  return (
    <ListCard
      title="Organisations"
      add={null}
      sentence="One that observes opens tickets; nothing there isolates without a person, and its people hear nothing by themselves."
      rows={data?.organisations}
      error={error}
      columns={columns}
      empty="There is none yet."
    />
  )
}

function ChangeMode({ organisation }: { organisation: Row }) {
  const isLive = organisation.mode === 'live'
  return (
    <DialogButton
      size="compact-xs"
      variant="default"
      label={isLive ? 'Observe' : 'Go live'}
      title={isLive ? `Let ${organisation.name} observe again?` : `Let ${organisation.name} go live?`}
      dialog={(close) => <ModeForm organisation={organisation} onClose={close} />}
    />
  )
}

function ModeForm({ organisation: { id, mode }, onClose }: { organisation: Row; onClose(): void }) {
  const change = useChange(keys.organisations, (api, next: 'observe' | 'live') => api.changeOrganisation(id, { mode: next }))
  const isLive = mode === 'live'
  const submit = (): void => change.mutate(isLive ? 'observe' : 'live', { onSuccess: onClose })
  return (
    <DialogForm submit={isLive ? 'Observe' : 'Go live'} isBusy={change.isPending} error={change.error} onSubmit={submit} onCancel={onClose}>
      {isLive ? <Text size="sm">Nothing there isolates without a person any more.</Text> : <WouldHave id={id} />}
    </DialogForm>
  )
}

function WouldHave({ id }: { id: string }) {
  const { data, error } = useQuery(previewQuery(useApi(), id))
  if (!data) return <Text size="sm">{error ? 'What would have happened could not be read.' : 'Looking at what would have happened …'}</Text>
  const { tickets, would } = data
  if (would.length === 0) return <Text size="sm">Of {tickets} tickets since it observes, none would have called or isolated.</Text>
  return (
    <>
      <Text size="sm">Of {tickets} tickets since it observes, these would have been something else:</Text>
      <List size="sm">
        {would.slice(0, 20).map((each) => (
          <List.Item key={each.id} data-would={each.number}>
            #{each.number} {each.title}: {whatOf(each)}
          </List.Item>
        ))}
      </List>
      {would.length > 20 && <Text size="sm">… and {would.length - 20} more.</Text>}
    </>
  )
}

function whatOf({ hostname, pages, halts, isolates }: Preview['would'][number]): string {
  const cut = { auto: `${hostname} cut off at once`, unanswered: `${hostname} cut off, as nobody answered` }
  return [...(isolates ? [cut[isolates]] : []), ...(halts ? ['a process halted'] : []), ...(pages ? ['people called'] : [])].join(', ')
}
