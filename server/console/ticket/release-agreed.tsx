import { Alert, Text } from '@mantine/core'
import type { TicketDetail } from '#shared/api/tickets.ts'
import { When } from '../time/when.tsx'

/** One side has said that the machine may be released, and it waits for the other's word: the button “Release” says it. */
export function ReleaseAgreed({ ticket }: { ticket: TicketDetail }) {
  return ticket.releaseAgreed.map(({ side, by, reason, at }) => (
    <Alert key={side} color="orange" variant="light" title="A release waits for a second word" className="question">
      <Text size="sm">
        {by} said <When at={at} as="instant" /> that this machine may be released: {reason}{' '}
        {side === 'customer'
          ? 'One of the provider who may release has to agree.'
          : 'The customer’s own IT releases it when they are ready.'}
      </Text>
    </Alert>
  ))
}
