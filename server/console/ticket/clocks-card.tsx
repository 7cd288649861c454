import { Group, Stack, Text } from '@mantine/core'
import type { TicketDetail } from '#shared/api/tickets.ts'
import { isOpen } from '#shared/domain/ticket.ts'
import { SectionCard } from '../frame/section-card.tsx'
import { useNow } from '../time/clock.tsx'
import { countdown, duration } from '../time/durations.ts'
import { When } from '../time/when.tsx'
import { dueName } from '../words/words.ts'
import { type PromiseState, promiseOf } from './promise.ts'

const color: Record<PromiseState, string> = { kept: 'teal', running: 'blue', broken: 'red', none: 'dimmed' }

/** What is promised, and how that stands. */
export function ClocksCard({ ticket }: { ticket: TicketDetail }) {
  const now = useNow()
  const { nextDue } = ticket
  return (
    <SectionCard title="Promises">
      <Stack gap="sm">
        <PromiseRow name="Respond" by={ticket.respondBy} metAt={ticket.respondedAt} isOver={!isOpen(ticket.status)} />
        <PromiseRow name="Resolve" by={ticket.resolveBy} metAt={ticket.resolvedAt} isOver={!isOpen(ticket.status)} />
        {isOpen(ticket.status) && nextDue && (
          <Group justify="space-between" wrap="nowrap">
            <Text size="sm" c="dimmed">
              Next: {dueName[nextDue.kind]}
            </Text>
            <Text size="sm" fw={600} className="tabular" c={nextDue.at <= now ? 'red' : 'inherit'}>
              {countdown(nextDue.at, now)}
            </Text>
          </Group>
        )}
      </Stack>
    </SectionCard>
  )
}

function PromiseRow({ name, by, metAt, isOver }: { name: string; by: number | null; metAt: number | null; isOver: boolean }) {
  const now = useNow()
  const state = promiseOf({ by, metAt, isOver }, now)
  if (by === null) {
    return (
      <Text size="sm" c="dimmed">
        {name}: nothing promised
      </Text>
    )
  }
  const sentence = {
    kept: metAt === null ? 'kept' : `kept, ${duration(by - metAt)} to spare`,
    running: countdown(by, now),
    broken: metAt === null ? `broken ${duration(now - by)} ago` : `broken by ${duration(metAt - by)}`,
    none: '',
  }[state]
  return (
    <Group justify="space-between" wrap="nowrap" align="flex-start">
      <div>
        <Text size="sm" fw={550}>
          {name}
        </Text>
        <Text size="xs" c="dimmed">
          by <When at={by} as="instant" />
        </Text>
      </div>
      <Text size="sm" fw={600} c={color[state]} className="tabular" ta="right">
        {sentence}
      </Text>
    </Group>
  )
}
