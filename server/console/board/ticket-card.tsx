import { Group, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { TicketSummary } from '#shared/api/tickets.ts'
import { useNow } from '../time/clock.tsx'
import { duration, fullInstant } from '../time/durations.ts'
import { Countdown } from '../words/countdown.tsx'
import { PriorityBadge } from '../words/priority-badge.tsx'
import { TicketBadges } from '../words/ticket-badges.tsx'
import styles from './board.module.css'

/** One ticket, as much of it as decides whether to open it. */
export function TicketCard({ ticket }: { ticket: TicketSummary }) {
  const isFreshP1 = ticket.priority === 'P1' && ticket.status === 'new'
  return (
    <Link
      to="/tickets/$id"
      params={{ id: ticket.id }}
      className={styles.card}
      data-priority={ticket.priority}
      data-is-fresh-p1={isFreshP1}
      data-ticket={ticket.number}
    >
      {ticket.containment === 'asked' && <div className={styles.asked}>Isolate it? Waits for an answer</div>}
      <Group gap={6} wrap="nowrap" justify="space-between">
        <Group gap={6} wrap="nowrap">
          <PriorityBadge priority={ticket.priority} size="sm" />
          <Text className="tabular" size="xs" c="dimmed">
            #{ticket.number}
          </Text>
        </Group>
        <Countdown ticket={ticket} />
      </Group>
      <Text size="sm" fw={600} lh={1.35} lineClamp={3} className={styles.title} data-title>
        {ticket.title}
      </Text>
      <TicketBadges ticket={ticket} />
      <div className={styles.where}>
        <Text size="xs" fw={550} truncate>
          {ticket.endpoint?.hostname ?? 'no machine'}
        </Text>
        <Text size="xs" c="dimmed" truncate>
          {ticket.organisation.name}
          {ticket.site ? ` · ${ticket.site.name}` : ''}
        </Text>
      </div>
      <CardFoot ticket={ticket} />
    </Link>
  )
}

function CardFoot({ ticket }: { ticket: TicketSummary }) {
  const now = useNow()
  return (
    <Group gap={8} wrap="nowrap" className={styles.foot}>
      <Text size="xs" c="dimmed" className="tabular" title={`Opened ${fullInstant(ticket.openedAt)}`}>
        {duration(now - ticket.openedAt)}
      </Text>
      {ticket.occurrences > 1 && (
        <Text size="xs" c="dimmed" className="tabular" title={`Happened ${ticket.occurrences} times`}>
          ×{ticket.occurrences}
        </Text>
      )}
      <Text size="xs" c={ticket.owner ? 'inherit' : 'dimmed'} ml="auto" truncate>
        {ticket.owner?.name ?? 'nobody yet'}
      </Text>
    </Group>
  )
}
