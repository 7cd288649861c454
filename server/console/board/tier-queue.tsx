import { Group, Text, Title } from '@mantine/core'
import { tierName } from '../words/words.ts'
import type { Queue } from './arrange.ts'
import styles from './board.module.css'
import { TicketCard } from './ticket-card.tsx'

/** One tier's queue. An empty one takes less room and keeps its place. */
export function TierQueue({ queue }: { queue: Queue }) {
  const { tier, tickets } = queue
  return (
    <section
      className={styles.queue}
      data-is-empty={tickets.length === 0}
      data-tier={tier}
      aria-label={`${tierName[tier]}, ${tickets.length} open`}
    >
      <Group className={styles.head} justify="space-between" wrap="nowrap" gap={6}>
        <Title order={2} fz="sm" fw={650}>
          {tierName[tier]}
        </Title>
        <Text className="tabular" size="sm" c={tickets.length > 0 ? 'inherit' : 'dimmed'} fw={tickets.length > 0 ? 650 : 400}>
          {tickets.length}
        </Text>
      </Group>
      <div className={styles.cards}>
        {tickets.map((ticket) => (
          <TicketCard key={ticket.id} ticket={ticket} />
        ))}
      </div>
    </section>
  )
}
