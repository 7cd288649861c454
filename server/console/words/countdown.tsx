import { Text } from '@mantine/core'
import type { TicketSummary } from '#shared/api/tickets.ts'
import { useNow } from '../time/clock.tsx'
import { countdown, fullInstant } from '../time/durations.ts'
import { pressing } from './pressing.ts'
import { dueName } from './words.ts'

const SOON_MS = 5 * 60_000

/** What is due next on a ticket and how long until then, every second; red once it is overdue. */
export function Countdown({ ticket, size = 'xs' }: { ticket: TicketSummary; size?: 'xs' | 'sm' }) {
  const now = useNow()
  const due = pressing(ticket, now)
  if (!due) return null
  const color = due.isOverdue ? 'red' : due.at - now < SOON_MS && due.kind !== 'review' ? 'orange' : 'dimmed'
  return (
    <Text
      span
      size={size}
      c={color}
      fw={due.isOverdue ? 700 : 500}
      className="tabular"
      title={fullInstant(due.at)}
      data-is-overdue={due.isOverdue}
      truncate
    >
      {dueName[due.kind]} {countdown(due.at, now)}
    </Text>
  )
}
