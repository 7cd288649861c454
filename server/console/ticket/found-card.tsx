import { Button, Checkbox, Group, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import type { TicketDetail } from '#shared/api/tickets.ts'
import { SectionCard } from '../frame/section-card.tsx'
import { useTicketChange } from './use-ticket-change.ts'

type Line = TicketDetail['found'][number]
const decided = { accepted: 'accepted', opened: 'became a ticket' }

/** What was true of new machines when they came: line by line, lived with or made a ticket of. */
export function FoundCard({ ticket }: { ticket: TicketDetail }) {
  const [chosen, setChosen] = useState<readonly string[]>([])
  const decide = useTicketChange(ticket.id, (api, decision: 'accept' | 'open') =>
    api.decideFound(ticket.id, { version: ticket.version, lines: [...chosen], decision }),
  )
  if (ticket.found.length === 0) return null
  const act = (decision: 'accept' | 'open'): void => decide.mutate(decision, { onSuccess: () => setChosen([]) })
  const toggle = (id: string): void => setChosen(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id])
  return (
    <SectionCard title="As found">
      <Stack gap={8}>
        {ticket.found.map((line) => (
          <FoundLine key={line.id} line={line} isChosen={chosen.includes(line.id)} onToggle={() => toggle(line.id)} />
        ))}
        {ticket.may.includes('found') && (
          <Group>
            <Button variant="default" disabled={chosen.length === 0} loading={decide.isPending} onClick={() => act('accept')}>
              Accept as it is
            </Button>
            <Button variant="default" disabled={chosen.length === 0} loading={decide.isPending} onClick={() => act('open')}>
              Make tickets
            </Button>
          </Group>
        )}
      </Stack>
    </SectionCard>
  )
}

function FoundLine({ line, isChosen, onToggle }: { line: Line; isChosen: boolean; onToggle(): void }) {
  const state = line.decision ? decided[line.decision] : line.isStanding ? 'still true' : 'no longer true'
  return (
    <Group gap={8} wrap="nowrap" data-found={line.decision ?? 'open'}>
      <Checkbox
        aria-label={`${line.endpoint.hostname}: ${line.summary}`}
        checked={isChosen}
        disabled={line.decision !== null}
        onChange={onToggle}
      />
      <Text size="sm" className="breakable">
        <strong>{line.endpoint.hostname}</strong> {line.summary}
      </Text>
      <Text size="xs" c="dimmed">
        {state}
      </Text>
    </Group>
  )
}
