import { List, Text } from '@mantine/core'
import type { TicketDetail } from '#shared/api/tickets.ts'
import { SectionCard } from '../frame/section-card.tsx'
import { tierName } from '../words/words.ts'

/** Why it has this priority and stands in this tier, by which line of which version of the matrix. */
export function WhyCard({ ticket }: { ticket: TicketDetail }) {
  return (
    <SectionCard title={`Why ${ticket.priority} in ${tierName[ticket.tier]}`}>
      <List size="sm" spacing={6} className="breakable">
        {ticket.reasons.map((reason) => (
          <List.Item key={reason}>{reason}</List.Item>
        ))}
      </List>
      <Text size="xs" c="dimmed" mt="sm" className="breakable">
        Impact {ticket.impact}, urgency {ticket.urgency}. Rule “{ticket.rule}” of matrix version {ticket.matrixVersion}, team {ticket.team},
        kind {ticket.kind}.
      </Text>
    </SectionCard>
  )
}
