import { Text } from '@mantine/core'
import type { TicketSummary } from '#shared/api/tickets.ts'
import { PageLink } from '../frame/page-link.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { When } from '../time/when.tsx'
import { Countdown } from '../words/countdown.tsx'
import { PriorityBadge } from '../words/priority-badge.tsx'
import { TicketBadges } from '../words/ticket-badges.tsx'
import { resolutionName, statusName, tierName } from '../words/words.ts'

const stateOf = (ticket: TicketSummary): string => (ticket.resolution ? resolutionName[ticket.resolution] : statusName[ticket.status])

export const ticketColumns: Column<TicketSummary>[] = [
  { id: 'number', header: 'No.', sortBy: (ticket) => ticket.number, cell: (ticket) => <span className="tabular">#{ticket.number}</span> },
  {
    id: 'priority',
    header: 'Priority',
    sortBy: (ticket) => ticket.priority,
    cell: (ticket) => <PriorityBadge priority={ticket.priority} size="sm" />,
  },
  { id: 'title', header: 'Title', sortBy: (ticket) => ticket.title, cell: (ticket) => <Title ticket={ticket} /> },
  { id: 'machine', header: 'Machine', sortBy: (ticket) => ticket.endpoint?.hostname ?? '', cell: (ticket) => <Machine ticket={ticket} /> },
  { id: 'tier', header: 'Tier', sortBy: (ticket) => tierName[ticket.tier], cell: (ticket) => tierName[ticket.tier] },
  { id: 'status', header: 'Status', sortBy: stateOf, cell: stateOf },
  { id: 'owner', header: 'Owner', sortBy: (ticket) => ticket.owner?.name ?? '', cell: (ticket) => ticket.owner?.name ?? '–' },
  {
    id: 'due',
    header: 'Due',
    sortBy: (ticket) => ticket.nextDue?.at ?? Number.MAX_SAFE_INTEGER,
    cell: (ticket) => <Countdown ticket={ticket} />,
  },
  { id: 'opened', header: 'Opened', sortBy: (ticket) => ticket.openedAt, cell: (ticket) => <Opened ticket={ticket} /> },
]

function Title({ ticket }: { ticket: TicketSummary }) {
  return (
    <>
      <PageLink to="/tickets/$id" params={{ id: ticket.id }} fz="sm" fw={550} c="var(--mantine-color-text)" lineClamp={2}>
        {ticket.title}
      </PageLink>
      <TicketBadges ticket={ticket} />
    </>
  )
}

/** Old news was opened when it came; when it happened stands below. */
function Opened({ ticket }: { ticket: TicketSummary }) {
  return (
    <>
      <When at={ticket.openedAt} />
      {ticket.happenedAt !== null && (
        <Text size="xs" c="dimmed" className="nowrap">
          happened <When at={ticket.happenedAt} as="instant" />
        </Text>
      )}
    </>
  )
}

function Machine({ ticket }: { ticket: TicketSummary }) {
  return (
    <>
      <Text size="sm" truncate maw={180}>
        {ticket.endpoint?.hostname ?? '–'}
      </Text>
      <Text size="xs" c="dimmed" truncate maw={180}>
        {ticket.organisation.name}
      </Text>
    </>
  )
}
