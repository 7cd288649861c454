import { Badge, Group, Progress, Stack, Table, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { BulkDetail } from '#shared/api/bulk.ts'
import { useApi } from '../api/api-context.tsx'
import type { BulkVerb } from '../api/bulk.ts'
import { keys } from '../api/keys.ts'
import { bulkQuery } from '../api/queries.ts'
import { useChange } from '../api/use-change.ts'
import { DialogButton } from '../frame/dialog-button.tsx'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'
import { PageLink } from '../frame/page-link.tsx'
import { PageProblem, PageReading } from '../frame/page-problem.tsx'
import { SectionCard } from '../frame/section-card.tsx'
import { usePowers } from '../session/session.ts'
import { When } from '../time/when.tsx'
import { commandColor } from '../words/words.ts'
import { ReasonInput } from './reason-input.tsx'
import { bulkColor } from './words.ts'

/** One order for many machines: its stages as they come along, what failed, and the button that stops it. */
export function BulkPage({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(bulkQuery(useApi(), id))
  if (!data) return error ? <PageProblem error={error} reset={() => void refetch()} /> : <PageReading />
  return (
    <div className="page">
      <Stack>
        <Head bulk={data} />
        <Stages bulk={data} />
        <Machines bulk={data} />
      </Stack>
    </div>
  )
}

function Head({ bulk }: { bulk: BulkDetail }) {
  return (
    <Stack gap={4}>
      <Group>
        <Title order={1} fz={20}>
          {bulk.verb} on {bulk.machines.length} machines
        </Title>
        <Badge tt="none" variant="light" color={bulkColor[bulk.status]}>
          {bulk.status}
        </Badge>
        <Buttons bulk={bulk} />
      </Group>
      <Text size="sm" className="breakable">
        {bulk.organisation.name}; asked by {bulk.requestedBy} <When at={bulk.requestedAt} />: {bulk.reason}
      </Text>
      {bulk.note !== '' && <Text size="sm">{bulk.note}</Text>}
      <Text size="xs" c="dimmed">
        Signed {bulk.signedBy.length === 0 ? 'by no operator' : `by ${bulk.signedBy.join(', ')}`}; good until{' '}
        <When at={bulk.expiresAt} as="instant" />; stops by itself beyond {bulk.failPercent} % failures of a stage, and at any in the first.
      </Text>
    </Stack>
  )
}

const buttons: Record<BulkVerb, { label: string; sentence: string; color: string }> = {
  stop: { label: 'Stop', color: 'red', sentence: 'No further stage begins, and what has not arrived is taken back. It can go on later.' },
  'go-on': { label: 'Go on', color: 'blue', sentence: 'It goes on where it stopped. What has failed until now is forgiven.' },
  end: { label: 'End', color: 'red', sentence: 'It goes no further, for good. What has not arrived is taken back.' },
}

const offered: Partial<Record<BulkDetail['status'], BulkVerb[]>> = {
  ...{ running: ['stop', 'end'], stopped: ['go-on', 'end'], unsigned: ['end'], requested: ['end'] },
}

function Buttons({ bulk: { id, status } }: { bulk: BulkDetail }) {
  const may = usePowers()
  if (!may('work-tickets')) return null
  return (offered[status] ?? []).map((verb) => (
    <DialogButton
      key={verb}
      label={buttons[verb].label}
      color={buttons[verb].color}
      dialog={(close) => <Act id={id} verb={verb} onClose={close} />}
    />
  ))
}

function Act({ id, verb, onClose }: { id: string; verb: BulkVerb; onClose(): void }) {
  const act = useChange(keys.bulk(id), (api, reason: string) => api.actOnBulk(id, verb, reason))
  const { label, sentence, color } = buttons[verb]
  const submit = (fields: FormData): void => act.mutate(textOf(fields, 'reason'), { onSuccess: onClose })
  return (
    <DialogForm submit={label} color={color} isBusy={act.isPending} error={act.error} onCancel={onClose} onSubmit={submit}>
      <Text size="sm">{sentence}</Text>
      <ReasonInput />
    </DialogForm>
  )
}

function Stages({ bulk: { stages, stage: begun } }: { bulk: BulkDetail }) {
  return (
    <SectionCard title="Stages">
      {stages.map(({ size, succeeded, failed, underWay, dropped }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a stage is its place
        <Stack key={at} gap={2} mb="xs">
          <Text size="sm" {...(at >= begun && { c: 'dimmed' })}>
            {`Stage ${at + 1}, ${size} ${size === 1 ? 'machine' : 'machines'}: `}
            {at >= begun ? 'to come' : `${succeeded} succeeded, ${failed} failed, ${underWay} under way, ${dropped} taken back`}
          </Text>
          <Progress.Root>
            <Progress.Section value={(100 * succeeded) / size} color="teal" aria-label={`succeeded in stage ${at + 1}`} />
            <Progress.Section value={(100 * failed) / size} color="red" aria-label={`failed in stage ${at + 1}`} />
            <Progress.Section value={(100 * underWay) / size} color="blue" aria-label={`under way in stage ${at + 1}`} />
          </Progress.Root>
        </Stack>
      ))}
    </SectionCard>
  )
}

function Machines({ bulk: { machines } }: { bulk: BulkDetail }) {
  return (
    <SectionCard title="Machines">
      <Table verticalSpacing={6} fz="sm">
        <Table.Tbody>
          {machines.map(({ id, name, stage, status, detail }) => (
            <Table.Tr key={id}>
              <Table.Td w={80}>stage {stage}</Table.Td>
              <Table.Td>
                <PageLink to="/endpoints/$id" params={{ id }} fz="sm">
                  {name}
                </PageLink>
              </Table.Td>
              <Table.Td>
                <Badge size="sm" tt="none" variant="light" color={status === null ? 'gray' : commandColor(status)}>
                  {status ?? 'to come'}
                </Badge>
              </Table.Td>
              <Table.Td className="breakable">{detail}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </SectionCard>
  )
}
