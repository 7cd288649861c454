import { Badge } from '@mantine/core'
import { useClock } from '../time/clock.tsx'
import { type Heard, whereabouts } from './whereabouts.ts'

const colors = { there: 'teal', away: 'gray', silent: 'orange', missing: 'red' } as const

/** There or not; and when not, whether it said goodbye, and whether it is missing by now. */
export function Presence({ endpoint }: { endpoint: Heard }) {
  const { is, word } = whereabouts(endpoint, useClock().now())
  return (
    <Badge variant="dot" size="sm" tt="none" color={colors[is]} data-presence={is}>
      {word}
    </Badge>
  )
}
