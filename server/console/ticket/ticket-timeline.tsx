import { Text, Timeline } from '@mantine/core'
import type { TimelineEntry } from '#shared/api/tickets.ts'
import type { TimelineKind } from '#shared/domain/ticket.ts'
import { SectionCard } from '../frame/section-card.tsx'
import { When } from '../time/when.tsx'
import { Proof } from '../words/proof.tsx'

const notable: Partial<Record<TimelineKind, string>> = {
  opened: 'cyan',
  acknowledged: 'teal',
  commented: 'blue',
  escalated: 'orange',
  'promise-broken': 'red',
  'promise-kept': 'teal',
  'containment-asked': 'orange',
  'containment-answered': 'grape',
  'command-held': 'orange',
  'command-settled': 'grape',
  'agents-word': 'grape',
  'isolation-changed': 'grape',
  resolved: 'teal',
  reopened: 'orange',
}

/** What has happened to the ticket, oldest first; only ever appended to. */
export function TicketTimeline({ timeline }: { timeline: readonly TimelineEntry[] }) {
  return (
    <SectionCard title="Timeline">
      <Timeline className="ticket-timeline" bulletSize={12} lineWidth={2} active={timeline.length - 1}>
        {timeline.map((entry) => (
          <Timeline.Item key={entry.id} color={notable[entry.kind] ?? 'gray.5'} data-kind={entry.kind}>
            <Text size="sm" className="entry">
              {entry.text}
            </Text>
            <Proven proof={entry.body.proof} />
            <Text size="xs" c="dimmed" mt={2}>
              {entry.actor} · <When at={entry.at} as="instant" />
              {entry.body.isInternal === true && ' · internal'}
            </Text>
          </Timeline.Item>
        ))}
      </Timeline>
    </SectionCard>
  )
}

function Proven({ proof }: { proof: unknown }) {
  return typeof proof === 'object' && proof !== null ? <Proof proof={{ ...proof }} /> : null
}
