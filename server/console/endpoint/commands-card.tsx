import { Badge, ScrollArea, Table, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { EndpointDetail } from '#shared/api/endpoints.ts'
import type { HeldAnswer } from '#shared/domain/command.ts'
import { useApi } from '../api/api-context.tsx'
import { olderCommandsQuery } from '../api/queries.ts'
import { OlderButton } from '../frame/older-button.tsx'
import { SectionCard } from '../frame/section-card.tsx'
import { duration } from '../time/durations.ts'
import { When } from '../time/when.tsx'
import { HeldButtons } from '../words/held-buttons.tsx'
import { commandColor } from '../words/words.ts'
import { LiveOutput } from './live-output.tsx'
import { UnknownOutcome } from './unknown-outcome.tsx'
import { useEndpointChange } from './use-endpoint-change.ts'

type Command = EndpointDetail['commands'][number]

/** What was asked of the machine. Requested, sent, delivered, begun and settled are five facts, each with its instant. */
export function CommandsCard({ commands, hasMore, endpointId }: { commands: readonly Command[]; hasMore: boolean; endpointId: string }) {
  const last = commands.at(-1)
  return (
    <SectionCard title="Commands">
      {commands.length === 0 ? (
        <Text size="sm" c="dimmed">
          Nothing was ever asked of this machine.
        </Text>
      ) : (
        <ScrollArea>
          <Table verticalSpacing={6} fz="sm" miw={560}>
            <Table.Thead>
              <Table.Tr fz="xs" c="dimmed">
                <Table.Th>Command</Table.Th>
                <Table.Th>State</Table.Th>
                <Table.Th>Requested</Table.Th>
                <Table.Th>Sent</Table.Th>
                <Table.Th>Delivered</Table.Th>
                <Table.Th>Began</Table.Th>
                <Table.Th>Settled</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {commands.map((command) => (
                <CommandRow key={command.id} command={command} endpointId={endpointId} />
              ))}
              {hasMore && last && <OlderCommands endpointId={endpointId} before={last.id} />}
            </Table.Tbody>
          </Table>
        </ScrollArea>
      )}
    </SectionCard>
  )
}

/** Read once they are asked for. */
function OlderCommands({ endpointId, before }: { endpointId: string; before: string }) {
  const [isAsked, setIsAsked] = useState(false)
  const older = useInfiniteQuery({ ...olderCommandsQuery(useApi(), endpointId, before), enabled: isAsked })
  const commands = older.data?.pages.flatMap((page) => page.commands) ?? []
  const of = isAsked ? older : { hasNextPage: true, isFetchingNextPage: false, fetchNextPage: () => setIsAsked(true) }
  return (
    <>
      {commands.map((command) => (
        <CommandRow key={command.id} command={command} endpointId={endpointId} />
      ))}
      <Table.Tr>
        <Table.Td colSpan={7}>
          <OlderButton of={of} />
        </Table.Td>
      </Table.Tr>
    </>
  )
}

function CommandRow({ command, endpointId }: { command: Command; endpointId: string }) {
  return (
    <Table.Tr>
      <Table.Td className="breakable">
        <Text size="sm" fw={550}>
          {command.verb}
        </Text>
        <Text size="xs" c="dimmed">
          {command.requestedBy}: {command.reason}
        </Text>
        {command.detail && <Text size="xs">{command.detail}</Text>}
        {command.found && <Text size="xs">{`Somebody looked: it ${command.found.outcome}. ${command.found.note}`}</Text>}
        {command.status === 'running' && <LiveOutput commandId={command.id} />}
      </Table.Td>
      <Table.Td>
        <Badge size="sm" tt="none" variant="light" color={commandColor(command.status)}>
          {command.status}
        </Badge>
        {command.status === 'unknown' && !command.found && <UnknownOutcome commandId={command.id} endpointId={endpointId} />}
        {command.status === 'held' && <Held command={command} endpointId={endpointId} />}
      </Table.Td>
      <Table.Td className="nowrap">
        <When at={command.requestedAt} as="instant" />
      </Table.Td>
      <Table.Td>{after(command.requestedAt, command.sentAt)}</Table.Td>
      <Table.Td>{after(command.requestedAt, command.deliveredAt)}</Table.Td>
      <Table.Td>{after(command.requestedAt, command.runningAt)}</Table.Td>
      <Table.Td>{after(command.requestedAt, command.settledAt)}</Table.Td>
    </Table.Tr>
  )
}

/** It had not arrived when the backup was made that this collector was restored from. */
function Held({ command, endpointId }: { command: Command; endpointId: string }) {
  const decide = useEndpointChange(endpointId, (api, answer: HeldAnswer) => api.decideHeld(command.id, answer))
  return <HeldButtons verb={command.verb} isBusy={decide.isPending} onDecide={(answer) => decide.mutate(answer)} />
}

/** How long after the request; containment is a matter of milliseconds. */
function after(from: number, to: number | null): string {
  if (to === null) return '–'
  const ms = Math.max(0, to - from)
  return `+${ms < 10_000 ? `${ms} ms` : duration(ms)}`
}
