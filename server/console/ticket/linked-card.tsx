import { Group, Stack, Text } from '@mantine/core'
import type { z } from 'zod'
import type { LinkedTicket, TicketDetail } from '#shared/api/tickets.ts'
import { PageLink } from '../frame/page-link.tsx'
import { SectionCard } from '../frame/section-card.tsx'
import { resolutionName, statusName } from '../words/words.ts'

/** Of the newest. */
const maxIncidents = 20

/** What this ticket follows from and the tasks that follow from it; the problem behind it, and the incidents of a problem. */
export function LinkedCard({
  ticket: { follows, tasks, problem, incidents },
}: {
  ticket: Pick<TicketDetail, 'follows' | 'tasks' | 'problem' | 'incidents'>
}) {
  if (!follows && !problem && tasks.length + incidents.length === 0) return null
  return (
    <SectionCard title="Linked">
      <Stack gap={6}>
        {follows && <Linked ticket={follows} what="Follows from" />}
        {tasks.map((task) => (
          <Linked key={task.id} ticket={task} what="Task" />
        ))}
        {problem && <Linked ticket={problem} what="Problem" />}
        {incidents.slice(0, maxIncidents).map((incident) => (
          <Linked key={incident.id} ticket={incident} what="Incident" />
        ))}
        {incidents.length > maxIncidents && (
          <Text size="sm" c="dimmed">
            and {incidents.length - maxIncidents} more
          </Text>
        )}
      </Stack>
    </SectionCard>
  )
}

function Linked({ ticket, what }: { ticket: z.infer<typeof LinkedTicket>; what: string }) {
  const state = ticket.resolution ? resolutionName[ticket.resolution] : statusName[ticket.status]
  return (
    <Group gap={6} fz="sm" className="breakable" data-linked={ticket.task ?? ''}>
      <Text span fz="sm" c="dimmed">
        {what}
      </Text>
      <PageLink to="/tickets/$id" params={{ id: ticket.id }} fz="sm" fw={600}>
        #{ticket.number} {ticket.title}
      </PageLink>
      <Text span fz="sm" c="dimmed">
        {ticket.team}, {state}
      </Text>
    </Group>
  )
}
