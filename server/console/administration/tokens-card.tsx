import { Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { z } from 'zod'
import type { ApiTokenList } from '#shared/api/administration.ts'
import { useApi } from '../api/api-context.tsx'
import { keys } from '../api/keys.ts'
import { tokensQuery } from '../api/queries.ts'
import { useChange } from '../api/use-change.ts'
import { ConfirmButton } from '../frame/confirm-button.tsx'
import { DialogButton } from '../frame/dialog-button.tsx'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'
import { ListCard } from '../frame/list-card.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { When } from '../time/when.tsx'
import { ShownOnce } from '../words/shown-once.tsx'

type Token = z.infer<typeof ApiTokenList>['tokens'][number]

const columns: Column<Token>[] = [
  {
    id: 'name',
    header: 'Name',
    sortBy: (token) => token.name,
    cell: (token) => (token.isSuspended ? `${token.name} (suspended by the restore)` : token.name),
  },
  { id: 'made', header: 'Made', sortBy: (token) => token.createdAt, cell: (token) => <When at={token.createdAt} /> },
  {
    id: 'expires',
    header: 'Expires',
    sortBy: (token) => token.expiresAt ?? Number.MAX_SAFE_INTEGER,
    cell: (token) => (token.expiresAt === null ? 'never' : <When at={token.expiresAt} as="instant" />),
  },
  { id: 'end', header: '', sortBy: (token) => token.id, cell: (token) => <Revoke token={token} /> },
]

export function TokensCard() {
  const { data, error } = useQuery(tokensQuery(useApi()))
  return (
    <ListCard
      title="Your API tokens"
      sentence="For programs that act as you, with the powers that you have."
      add={<DialogButton label="Make a token" dialog={(close) => <MakeToken onClose={close} />} />}
      rows={data?.tokens}
      error={error}
      columns={columns}
      empty="No program acts as you."
    />
  )
}

const lives = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'a year' },
  { value: '', label: 'until it is revoked' },
]

function MakeToken({ onClose }: { onClose(): void }) {
  const make = useChange(keys.tokens, (api, input: Parameters<typeof api.makeToken>[0]) => api.makeToken(input))
  if (make.data) {
    const line = `curl -H 'Authorization: Bearer ${make.data.token}' ${location.origin}/api/tickets`
    return <ShownOnce what="token" secret={make.data.token} line={line} onDone={onClose} />
  }
  const submit = (fields: FormData): void => {
    const ttlDays = Number(textOf(fields, 'ttlDays'))
    make.mutate({ name: textOf(fields, 'name'), ...(ttlDays > 0 && { ttlDays }) })
  }
  return (
    <DialogForm submit="Make it" isBusy={make.isPending} error={make.error} onSubmit={submit} onCancel={onClose}>
      <TextInput name="name" label="What is it for?" maxLength={200} required data-autofocus />
      <Select name="ttlDays" label="Valid for" data={lives} defaultValue="90" allowDeselect={false} />
    </DialogForm>
  )
}

function Revoke({ token }: { token: Token }) {
  return (
    <ConfirmButton
      label="Revoke"
      title={`Revoke “${token.name}”?`}
      sentence="Programs that send it are refused from now on."
      stale={keys.tokens}
      act={(api) => api.revokeToken(token.id)}
    />
  )
}
