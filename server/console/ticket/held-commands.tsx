import { Alert, Group, Text } from '@mantine/core'
import type { HeldCommand } from '#shared/api/commands.ts'
import type { TicketDetail } from '#shared/api/tickets.ts'
import type { HeldAnswer } from '#shared/domain/command.ts'
import { When } from '../time/when.tsx'
import { HeldButtons } from '../words/held-buttons.tsx'
import { useTicketChange } from './use-ticket-change.ts'

/** Commands that had not arrived when the backup was made that this collector was restored from, or when their machine was said to be core; here people decide. */
export function HeldCommands({ ticket }: { ticket: TicketDetail }) {
  return ticket.heldCommands.map((command) => <Held key={command.id} command={command} ticketId={ticket.id} />)
}

function Held({ command, ticketId }: { command: HeldCommand; ticketId: string }) {
  const decide = useTicketChange(ticketId, (api, answer: HeldAnswer) => api.decideHeld(command.id, answer))
  return (
    <Alert color="orange" variant="light" title={`${command.verb} waits for you`} className="question">
      <Text size="sm" mb="sm">
        {command.requestedBy} asked for it <When at={command.requestedAt} as="instant" />: {command.reason} Since then the collector was
        restored from a backup, or somebody said that this machine is core; the timeline says which. Look at the machine first.
      </Text>
      <Group>
        <HeldButtons verb={command.verb} isBusy={decide.isPending} onDecide={(answer) => decide.mutate(answer)} />
      </Group>
    </Alert>
  )
}
