import { Badge, Group, type MantineColor } from '@mantine/core'
import type { TicketSummary } from '#shared/api/tickets.ts'
import type { Gathers } from '#shared/domain/ticket.ts'

const overName: Record<Gathers, string> = { site: 'many of a site', storm: 'storm', endpoint: 'loud machine', problem: 'problem' }
const underName: Record<Gathers, string> = {
  site: 'one of a site',
  storm: 'one of a storm',
  endpoint: 'of a loud machine',
  problem: 'incident',
}

interface Mark {
  id: string
  word: string
  color: MantineColor
}

/** What a ticket is beside a trouble of its own: one that comes and goes, a problem or an incident of one, over others or under one. */
export function TicketBadges({ ticket }: { ticket: TicketSummary }) {
  const marks = marksOf(ticket)
  if (marks.length === 0) return null
  return (
    <Group component="span" gap={4} display="inline-flex">
      {marks.map(({ id, word, color }) => (
        <Badge key={id} size="xs" radius="sm" variant="light" color={color} tt="none" miw="max-content" data-mark={id}>
          {word}
        </Badge>
      ))}
    </Group>
  )
}

function marksOf({ kind, isFlapping, occurrences, recurs, gathers, gatheredBy }: TicketSummary): Mark[] {
  return [
    ...(kind === 'problem.recurring' ? [{ id: 'problem', word: overName.problem, color: 'grape' }] : []),
    ...(isFlapping ? [{ id: 'flapping', word: `comes and goes ×${occurrences}`, color: 'orange' }] : []),
    ...(recurs ? [{ id: 'recurs', word: underName.problem, color: 'grape' }] : []),
    ...(gathers === null ? [] : [{ id: 'over', word: overName[gathers], color: 'cyan' }]),
    ...(gatheredBy === null ? [] : [{ id: 'under', word: underName[gatheredBy], color: 'gray' }]),
  ]
}
