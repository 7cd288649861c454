import { Alert, Button, Group, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { TicketDetail } from '#shared/api/tickets.ts'
import { isOpen } from '#shared/domain/ticket.ts'
import { useNow } from '../time/clock.tsx'
import { countdown } from '../time/durations.ts'
import { useTicketChange } from './use-ticket-change.ts'

/** The matrix asked people whether to cut this machine off; here they answer. */
export function Question({ ticket }: { ticket: TicketDetail }) {
  if (ticket.containment !== 'asked' || !isOpen(ticket.status)) return null
  return (
    <Alert
      color="orange"
      variant="light"
      title={`Isolate ${ticket.endpoint?.hostname ?? (ticket.gathers === null ? 'this machine' : 'the machines of the tickets under this one')}?`}
      className="question"
    >
      <Text size="sm" mb="sm">
        Cut off, it reaches its collector and nothing else. <Unanswered ticket={ticket} />
        {ticket.isolation?.notReady != null && ` It can't be cut off from here, though: ${ticket.isolation.notReady}.`}
      </Text>
      <Answer ticket={ticket} />
    </Alert>
  )
}

function Unanswered({ ticket }: { ticket: TicketDetail }) {
  const now = useNow()
  if (ticket.nextDue?.kind !== 'ask') return 'Without an answer it stays connected.'
  return (
    <strong className="tabular">Answer within {countdown(ticket.nextDue.at, now)}; then what the matrix says happens by itself.</strong>
  )
}

function Answer({ ticket }: { ticket: TicketDetail }) {
  const [reason, setReason] = useState('')
  const answer = useTicketChange(ticket.id, (api, verb: 'isolate' | 'leave') =>
    api.contain(ticket.id, verb, { version: ticket.version, reason: reason.trim() }),
  )
  if (!ticket.may.includes('isolate') && !ticket.may.includes('leave'))
    return <Text size="sm">Your teams can't answer this; {ticket.team} can.</Text>
  const isBlank = reason.trim() === ''
  return (
    <Group gap="xs" align="flex-end">
      <TextInput
        label="Reason"
        placeholder="What you know, for instance: “they opened it themselves”"
        maxLength={500}
        className="grow"
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      {ticket.may.includes('isolate') && (
        <Button
          color="red"
          disabled={isBlank || ticket.isolation?.isReady === false}
          loading={answer.isPending}
          onClick={() => answer.mutate('isolate')}
        >
          Isolate
        </Button>
      )}
      {ticket.may.includes('leave') && (
        <Button variant="default" disabled={isBlank} loading={answer.isPending} onClick={() => answer.mutate('leave')}>
          Leave it connected
        </Button>
      )}
    </Group>
  )
}
