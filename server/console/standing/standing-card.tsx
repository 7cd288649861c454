import { Alert, Badge, Code, Group, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { StandingShown } from '#shared/api/standing.ts'
import { whenInWords } from '#shared/protocol/standing-words.ts'
import { keys } from '../api/keys.ts'
import { useChange } from '../api/use-change.ts'
import { ReasonInput } from '../bulk/reason-input.tsx'
import { DialogButton } from '../frame/dialog-button.tsx'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'
import { useOrganisationNames } from '../frame/organisation-select.tsx'
import { PageLink } from '../frame/page-link.tsx'
import { SectionCard } from '../frame/section-card.tsx'
import { digestOf } from '../key/browser-key.ts'
import { usePowers } from '../session/session.ts'
import { When } from '../time/when.tsx'
import { commandColor } from '../words/words.ts'

const stateColor: Record<StandingShown['state'], string> = {
  ...{ unsigned: 'orange', 'in force': 'teal', over: 'gray', withdrawn: 'gray', dropped: 'gray' },
}

/** One standing order: what it does, on which machines, how long, who signed it, and what came of it. */
export function StandingCard({ order }: { order: StandingShown }) {
  const may = usePowers()
  const isOpen = order.state === 'unsigned' || (order.state === 'in force' && order.waiting === null)
  return (
    <SectionCard
      title={order.name}
      aside={
        <Group gap="xs" justify="flex-end" style={{ flexShrink: 0 }} maw="50%">
          <Badge tt="none" variant="light" color={stateColor[order.state]}>
            {order.state}
          </Badge>
          {may('work-tickets') && isOpen && (
            <DialogButton label="Withdraw" color="red" dialog={(close) => <Withdraw id={order.id} onClose={close} />} />
          )}
        </Group>
      }
    >
      <Said order={order} />
      {order.isSignerGone && <Alert color="orange">Somebody who signed it is an operator no longer: machines don’t run it.</Alert>}
      {order.waiting && <Waiting waiting={order.waiting} isWithdrawal={order.state === 'in force'} />}
      <Machines order={order} />
    </SectionCard>
  )
}

function Said({ order }: { order: StandingShown }) {
  const organisation = useOrganisationNames('')(order.organisationId)
  const { verb, args, argsFrom, role, endpoints, mostRuns, endsAt, signedBy, askedBy, askedAt, reason } = order
  const taken = Object.entries(argsFrom ?? {}).map(([argument, fact]) => `${argument}: what the signal calls ${fact}`)
  const meant = endpoints ? `${endpoints.length} named machines` : `each ${role ?? 'machine'}, also those that come later`
  const rows = {
    does: verb,
    arguments: [Object.keys(args).length > 0 ? JSON.stringify(args) : '', ...taken].filter(Boolean).join('; ') || 'none',
    machines: `${organisation}: ${meant}`,
    when: whenInWords(order),
    'at most': `${mostRuns} times on each machine`,
    'signed by': signedBy.join(', ') || 'nobody yet',
    'asked by': `${askedBy}: ${reason}`,
  }
  return (
    <Table fz="sm" variant="vertical" layout="fixed" mb="sm">
      <Table.Tbody>
        {Object.entries(rows).map(([name, text]) => (
          <Table.Tr key={name}>
            <Table.Th w={100}>{name}</Table.Th>
            <Table.Td className="breakable">{text}</Table.Td>
          </Table.Tr>
        ))}
        <Table.Tr>
          <Table.Th>from, until</Table.Th>
          <Table.Td>
            <When at={askedAt} as="instant" />, <When at={endsAt} as="instant" />
          </Table.Td>
        </Table.Tr>
      </Table.Tbody>
    </Table>
  )
}

/** What runs by itself needs a key file, so it is signed on the command line, by the digest of these very bytes. */
function Waiting({
  waiting: { payload, signedBy, needed },
  isWithdrawal,
}: {
  waiting: NonNullable<StandingShown['waiting']>
  isWithdrawal: boolean
}) {
  const digest = useQuery({ queryKey: ['digest', payload], queryFn: () => digestOf(payload), staleTime: Number.POSITIVE_INFINITY })
  return (
    <Text size="sm" mb="sm">
      {isWithdrawal ? 'Its withdrawal waits' : 'It waits'} for {needed - signedBy.length} more of {needed} signatures by key files:{' '}
      <Code className="breakable">tierline standing sign {digest.data ?? ''} --with FILE</Code>
    </Text>
  )
}

function Machines({ order: { machines } }: { order: StandingShown }) {
  if (machines.length === 0) return null
  return (
    <Table.ScrollContainer minWidth={420}>
      <Table verticalSpacing={6} fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Machine</Table.Th>
            <Table.Th>Brought to it</Table.Th>
            <Table.Th>Runs so far</Table.Th>
            <Table.Th>Last result</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {machines.map(({ endpointId, hostname, delivery, runs, lastRunAt, lastOutcome, detail }) => (
            <Table.Tr key={endpointId}>
              <Table.Td>
                <PageLink to="/endpoints/$id" params={{ id: endpointId }} fz="sm">
                  {hostname}
                </PageLink>
              </Table.Td>
              <Table.Td>{delivery}</Table.Td>
              <Table.Td className="tabular">{runs}</Table.Td>
              <Table.Td className="breakable">
                {lastOutcome !== '' && (
                  <Badge size="sm" tt="none" variant="light" color={commandColor(lastOutcome)} mr={6}>
                    {lastOutcome}
                  </Badge>
                )}
                {lastRunAt !== null && <When at={lastRunAt} />} {detail}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

function Withdraw({ id, onClose }: { id: string; onClose(): void }) {
  const withdraw = useChange(keys.standing, (api, reason: string) => api.withdrawStanding(id, reason))
  const submit = (fields: FormData): void => withdraw.mutate(textOf(fields, 'reason'), { onSuccess: onClose })
  return (
    <DialogForm submit="Withdraw" color="red" isBusy={withdraw.isPending} error={withdraw.error} onSubmit={submit} onCancel={onClose}>
      <Text size="sm">Machines drop it once its withdrawal is signed and has reached them. One that nobody signed is dropped at once.</Text>
      <ReasonInput />
    </DialogForm>
  )
}
