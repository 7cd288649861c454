import { Button, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { TicketDetail, TicketSummary } from '#shared/api/tickets.ts'
import { type ChildrenAct, isOpen } from '#shared/domain/ticket.ts'
import { useApi } from '../api/api-context.tsx'
import { openUnderQuery, ticketsUnderQuery } from '../api/queries.ts'
import { PageLink } from '../frame/page-link.tsx'
import { SectionCard } from '../frame/section-card.tsx'
import { ReasonDialog } from '../words/reason-dialog.tsx'
import { statusName } from '../words/words.ts'
import { useTicketChange } from './use-ticket-change.ts'

/** What is kept under this ticket, and what can be done with all of it at once. */
export function ChildrenCard({ ticket }: { ticket: TicketDetail }) {
  if (!ticket.children) return null
  const { total, machines, organisations } = ticket.children
  const where = organisations > 1 ? `, ${organisations} organisations` : ''
  return (
    <SectionCard title={`${total} tickets under this one`} aside={<Acts ticket={ticket} />}>
      <Stack gap={6}>
        <Text size="sm" c="dimmed">
          <StillOpen ticketId={ticket.id} before={ticket.children.open} /> open · {machines} machines{where}. Nobody is called for them, and
          nothing is promised for them.
        </Text>
        <Newest parentId={ticket.id} total={total} />
      </Stack>
    </SectionCard>
  )
}

function StillOpen({ ticketId, before }: { ticketId: string; before: number }) {
  const { data } = useQuery(openUnderQuery(useApi(), ticketId))
  return data?.total ?? before
}

function Newest({ parentId, total }: { parentId: string; total: number }) {
  const { data } = useQuery(ticketsUnderQuery(useApi(), parentId))
  const tickets = data?.tickets ?? []
  return (
    <>
      {tickets.map((each) => (
        <Line key={each.id} ticket={each} />
      ))}
      {tickets.length > 0 && total > tickets.length && (
        <Text size="sm" c="dimmed">
          and {total - tickets.length} more
        </Text>
      )}
    </>
  )
}

function Line({ ticket }: { ticket: TicketSummary }) {
  return (
    <Group gap={6} fz="sm" className="breakable">
      <PageLink to="/tickets/$id" params={{ id: ticket.id }} fz="sm" fw={600}>
        #{ticket.number}
      </PageLink>
      <span>{ticket.endpoint?.hostname}</span>
      <span>{ticket.organisation.name}</span>
      <Text span fz="sm" c="dimmed">
        {ticket.title} · {statusName[ticket.status]}
      </Text>
    </Group>
  )
}

const acts: Record<ChildrenAct, { name: string; sentence: string }> = {
  close: { name: 'End all', sentence: 'This ticket and all under it end as a false alarm. What is reported again opens again.' },
  keep: { name: 'Keep', sentence: 'They stay under this ticket until it ends; what is still true then stands alone again.' },
  raise: { name: 'Let each stand alone', sentence: 'Each becomes a ticket of its own, with its promises, and people are called for it.' },
}

function Acts({ ticket }: { ticket: TicketDetail }) {
  const [asking, setAsking] = useState<ChildrenAct | null>(null)
  const change = useTicketChange(ticket.id, (api, { act, note }: { act: ChildrenAct; note: string }) =>
    api.actOnChildren(ticket.id, { version: ticket.version, act, note, ...(act === 'close' && { resolution: 'false-alarm' as const }) }),
  )
  if (!isOpen(ticket.status) || !ticket.may.includes('children')) return null
  return (
    <Group gap="xs">
      {(['close', 'keep', 'raise'] as const).map((act) => (
        <Button key={act} size="compact-sm" variant="default" onClick={() => setAsking(act)}>
          {acts[act].name}
        </Button>
      ))}
      <ReasonDialog
        title={asking ? `${acts[asking].name}?` : ''}
        sentence={asking ? acts[asking].sentence : ''}
        confirm={asking ? acts[asking].name : ''}
        color="cyan"
        isOpen={asking !== null}
        isBusy={change.isPending}
        onClose={() => setAsking(null)}
        onConfirm={(note) => asking && change.mutate({ act: asking, note }, { onSettled: () => setAsking(null) })}
      />
    </Group>
  )
}
