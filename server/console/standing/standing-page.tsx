import { Group, Stack, Text, Title } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { StandingDraft } from '#shared/api/standing.ts'
import { whenInWords } from '#shared/protocol/standing-words.ts'
import { useApi } from '../api/api-context.tsx'
import { standingQuery } from '../api/queries.ts'
import { DialogButton } from '../frame/dialog-button.tsx'
import { OlderButton } from '../frame/older-button.tsx'
import { PageProblem, PageReading } from '../frame/page-problem.tsx'
import { SectionCard } from '../frame/section-card.tsx'
import { usePowers } from '../session/session.ts'
import { AskStanding } from './ask-standing.tsx'
import { StandingCard } from './standing-card.tsx'

/** What machines do by themselves: what ships and does nothing yet, what waits for signatures, and what is in force. */
export function StandingPage() {
  const standing = useInfiniteQuery(standingQuery(useApi()))
  const { data, error, refetch } = standing
  if (!data) return error ? <PageProblem error={error} reset={() => void refetch()} /> : <PageReading />
  const orders = data.pages.flatMap((page) => page.orders)
  const drafts = data.pages[0]?.drafts ?? []
  return (
    <div className="page">
      <Group mb="sm" gap="md">
        <Title order={1} fz={20}>
          Standing orders
        </Title>
        <Text size="sm" c="dimmed">
          Signed once; from then on each machine decides by itself when it is due.
        </Text>
      </Group>
      <Stack gap="md">
        {orders.map((order) => (
          <StandingCard key={order.id} order={order} />
        ))}
        {orders.length === 0 && <Text c="dimmed">Machines do nothing by themselves yet.</Text>}
        <OlderButton of={standing} />
        <SectionCard title="Drafts that ship">
          <Stack gap="sm">
            {drafts.map((draft) => (
              <Draft key={draft.draft} draft={draft} />
            ))}
          </Stack>
        </SectionCard>
      </Stack>
    </div>
  )
}

function Draft({ draft }: { draft: StandingDraft }) {
  const may = usePowers()
  const { name, says, verb, role, mostRuns, days } = draft
  return (
    <Group component="article" aria-label={name} justify="space-between" align="flex-start" gap="sm">
      <Stack gap={2} maw={720}>
        <Text size="sm" fw={550}>
          {name}
        </Text>
        <Text size="sm">{says}</Text>
        <Text size="xs" c="dimmed">
          {verb} on each {role}, when {whenInWords(draft)}; {mostRuns} times at most, for {days} days.
        </Text>
      </Stack>
      {may('work-tickets') && (
        <DialogButton label="Ask for it" title={name} dialog={(close) => <AskStanding draft={draft} onClose={close} />} />
      )}
    </Group>
  )
}
