import { Select, Stack, Text, Textarea } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { BulkPlan, NewBulk } from '#shared/api/bulk.ts'
import type { EndpointSummary } from '#shared/api/endpoints.ts'
import { commands } from '#shared/commands/registry.ts'
import { keys } from '../api/keys.ts'
import { useChange } from '../api/use-change.ts'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'
import { ReasonInput } from './reason-input.tsx'

const verbs = [...commands.values()].map(({ verb, title }) => ({ value: verb, label: `${verb}: ${title}` }))

interface AskManyProps {
  endpoints: readonly EndpointSummary[]
  onClose(): void
}

/** One command for all that were chosen: first what would become of it, then whether it shall. */
export function AskMany({ endpoints, onClose }: AskManyProps) {
  const [organisation, ...others] = [...new Set(endpoints.map((endpoint) => endpoint.organisation.id))]
  const [wanted, setWanted] = useState<NewBulk>()
  const [mistake, setMistake] = useState<Error | null>(null)
  const plan = useChange(keys.bulks, (api, body: NewBulk) => api.planBulk(body))
  if (organisation === undefined || others.length > 0) return <Text>Choose machines of one organisation: an order is for one.</Text>
  if (wanted && plan.data) return <Confirm wanted={wanted} plan={plan.data} onClose={onClose} />
  const submit = (fields: FormData): void => {
    const args = argsOf(textOf(fields, 'args'))
    setMistake(args instanceof Error ? args : null)
    if (args instanceof Error) return
    const about = { organisationId: organisation, endpoints: endpoints.map(({ id }) => id) }
    const body = { ...about, verb: textOf(fields, 'verb'), args, reason: textOf(fields, 'reason') }
    setWanted(body)
    plan.mutate(body)
  }
  return (
    <DialogForm submit="Show what would happen" isBusy={plan.isPending} error={mistake ?? plan.error} onSubmit={submit} onCancel={onClose}>
      <Text size="sm">
        {endpoints.length} machines, under one signature: first one, then a tenth, then all. It stops by itself when too many fail.
      </Text>
      <Select name="verb" label="Command" data={verbs} defaultValue="ping" allowDeselect={false} searchable />
      <Textarea name="args" label="Arguments, as JSON" defaultValue="{}" autosize minRows={2} maxLength={45_000} />
      <ReasonInput />
    </DialogForm>
  )
}

function Confirm({
  wanted,
  plan: { stages, machines, operators, refused },
  onClose,
}: {
  wanted: NewBulk
  plan: BulkPlan
  onClose(): void
}) {
  const navigate = useNavigate()
  const ask = useChange(keys.bulks, (api, body: NewBulk) => api.askBulk(body))
  const submit = (): void => ask.mutate(wanted, { onSuccess: ({ id }) => void navigate({ to: '/bulk/$id', params: { id } }) })
  const away = machines.filter(({ isConnected }) => !isConnected)
  const cant = machines.filter(({ why }) => why !== null)
  return (
    <DialogForm
      submit={`Ask ${machines.length} machines`}
      isBusy={ask.isPending}
      isBlank={refused !== null || cant.length > 0}
      error={ask.error}
      onSubmit={submit}
      onCancel={onClose}
    >
      <Stack gap={4}>
        <Text size="sm">
          {wanted.verb} in stages of {stages.join(', ')}.{' '}
          {operators === null
            ? 'The collector’s key is enough.'
            : `It waits for ${operators.needed} operators’ signatures: ${operators.why}.`}
        </Text>
        {away.length > 0 && <Text size="sm">Away, and asked when they are back: {away.map(({ name }) => name).join(', ')}.</Text>}
        {cant.map(({ id, name, why }) => (
          <Text key={id} size="sm" c="red">
            {name}: {why}
          </Text>
        ))}
        {refused !== null && (
          <Text size="sm" c="red">
            {refused}
          </Text>
        )}
      </Stack>
    </DialogForm>
  )
}

function argsOf(text: string): Record<string, unknown> | Error {
  try {
    return JSON.parse(text === '' ? '{}' : text) as Record<string, unknown>
  } catch {
    return new Error('The arguments are no JSON: write them such as {"unit":"nginx.service"}.')
  }
}
