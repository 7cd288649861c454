import { Alert, Grid, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { sentenceOf } from '#shared/domain/fault.ts'
import { useApi } from '../api/api-context.tsx'
import { ticketQuery } from '../api/queries.ts'
import { PageProblem, PageReading } from '../frame/page-problem.tsx'
import { ChildrenCard } from './children-card.tsx'
import { ClocksCard } from './clocks-card.tsx'
import { CommentBox } from './comment-box.tsx'
import { EvidenceList } from './evidence-list.tsx'
import { FoundCard } from './found-card.tsx'
import { HeldCommands } from './held-commands.tsx'
import { LinkedCard } from './linked-card.tsx'
import { MachineCard } from './machine-card.tsx'
import { Question } from './question.tsx'
import { ReleaseAgreed } from './release-agreed.tsx'
import { TicketActions } from './ticket-actions.tsx'
import { TicketHead } from './ticket-head.tsx'
import { TicketTimeline } from './ticket-timeline.tsx'
import { WhyCard } from './why-card.tsx'

/** Everything about one ticket: what happened, why it is here, what is owed, and what can be done. */
export function TicketPage({ id }: { id: string }) {
  const { data: ticket, error, refetch } = useQuery(ticketQuery(useApi(), id))
  if (!ticket) return error ? <PageProblem error={error} reset={() => void refetch()} /> : <PageReading />
  return (
    <div className="page">
      <Stack gap="md">
        {error && (
          <Alert color="orange" title="This may be old">
            {sentenceOf(error)}
          </Alert>
        )}
        <TicketHead ticket={ticket} actions={<TicketActions ticket={ticket} />} />
        <Question ticket={ticket} />
        <HeldCommands ticket={ticket} />
        <ReleaseAgreed ticket={ticket} />
        <Grid gap="md" align="flex-start">
          <Grid.Col span={{ base: 12, md: 8 }}>
            <Stack gap="md">
              <FoundCard ticket={ticket} />
              <ChildrenCard ticket={ticket} />
              <EvidenceList ticket={ticket} />
              <TicketTimeline timeline={ticket.timeline} />
              <CommentBox ticket={ticket} />
            </Stack>
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 4 }}>
            <Stack gap="md">
              <ClocksCard ticket={ticket} />
              {ticket.endpoint && <MachineCard endpoint={ticket.endpoint} isolation={ticket.isolation} />}
              <LinkedCard ticket={ticket} />
              <WhyCard ticket={ticket} />
            </Stack>
          </Grid.Col>
        </Grid>
      </Stack>
    </div>
  )
}
