import { Badge, Group, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import type { TicketDetail } from '#shared/api/tickets.ts'
import { PageLink } from '../frame/page-link.tsx'
import { When } from '../time/when.tsx'
import { PriorityBadge } from '../words/priority-badge.tsx'
import { TicketBadges } from '../words/ticket-badges.tsx'
import { resolutionName, severityColor, statusName, tierName } from '../words/words.ts'

export function TicketHead({ ticket, actions }: { ticket: TicketDetail; actions: ReactNode }) {
  return (
    <header>
      <Group justify="space-between" align="flex-start" gap="md">
        <div className="ticket-headline">
          <Group gap={8}>
            <PriorityBadge priority={ticket.priority} size="lg" />
            <Text c="dimmed" className="tabular">
              #{ticket.number}
            </Text>
            <Badge variant="light" color="cyan" tt="none">
              {tierName[ticket.tier]}
            </Badge>
            <Badge variant="default" tt="none">
              {statusName[ticket.status]}
              {ticket.resolution ? `: ${resolutionName[ticket.resolution]}` : ''}
            </Badge>
            <TicketBadges ticket={ticket} />
          </Group>
          <Title order={1} fz={24} lh={1.3} mt={8} className="breakable">
            {ticket.title}
          </Title>
        </div>
        {actions}
      </Group>
      <Facts ticket={ticket} />
    </header>
  )
}

function Facts({ ticket }: { ticket: TicketDetail }) {
  return (
    <Group gap={6} mt={6} fz="sm" c="dimmed" className="breakable">
      {ticket.endpoint && (
        <>
          <PageLink to="/endpoints/$id" params={{ id: ticket.endpoint.id }} fz="sm" fw={600}>
            {ticket.endpoint.hostname}
          </PageLink>
          <span>·</span>
        </>
      )}
      <span>
        {ticket.organisation.name}
        {ticket.site ? `, ${ticket.site.name}` : ''}
      </span>
      <span>·</span>
      <Requester requester={ticket.requester} />
      {ticket.happenedAt !== null && <Happened at={ticket.happenedAt} />}
      <span>
        opened <When at={ticket.openedAt} />
      </span>
      {ticket.occurrences > 1 && (
        <>
          <span>·</span>
          <span>
            {ticket.occurrences} times, last <When at={ticket.lastSignalAt} />
          </span>
        </>
      )}
      <span>·</span>
      <Text span fz="sm" c={severityColor[ticket.severity] === 'gray' ? 'dimmed' : severityColor[ticket.severity]} fw={550}>
        {ticket.severity}
      </Text>
      <span>·</span>
      <span>{ticket.owner ? `${ticket.owner.name} has it` : `nobody in ${ticket.team} has it yet`}</span>
      <Under ticket={ticket} />
      {ticket.isStanding && (
        <>
          <span>·</span>
          <Text span fz="sm" fw={550}>
            still true now
          </Text>
        </>
      )}
    </Group>
  )
}

function Under({ ticket: { gatheredBy, parent } }: { ticket: TicketDetail }) {
  if (gatheredBy === null) return null
  if (!parent) return <span>· one of many, handled together</span>
  return (
    <span>
      · kept under{' '}
      <PageLink to="/tickets/$id" params={{ id: parent.id }} fz="sm" fw={600}>
        #{parent.number}
      </PageLink>
    </span>
  )
}

function Requester({ requester }: Pick<TicketDetail, 'requester'>) {
  if (!requester) return null
  return (
    <>
      <span>
        {requester.name} asked ({requester.mail})
      </span>
      {requester.isVip && (
        <Badge size="xs" variant="default" title="They have a technician by name and hear sooner; their priority is everybody’s.">
          VIP
        </Badge>
      )}
      <span>·</span>
    </>
  )
}

function Happened({ at }: { at: number }) {
  return (
    <>
      <Text span fz="sm" fw={550} data-happened>
        happened <When at={at} as="instant" />
      </Text>
      <span>·</span>
    </>
  )
}
