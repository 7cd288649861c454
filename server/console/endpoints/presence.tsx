import { Badge } from '@mantine/core'
import type { EndpointSummary } from '#shared/api/endpoints.ts'

/** There or not; and when not, whether it said goodbye. */
export function Presence({ endpoint }: { endpoint: Pick<EndpointSummary, 'isConnected' | 'goodbye'> }) {
  const { isConnected, goodbye } = endpoint
  const word = isConnected ? 'Connected' : goodbye ? `Away: ${goodbye}` : 'Silent'
  return (
    <Badge variant="dot" size="sm" tt="none" color={isConnected ? 'teal' : goodbye ? 'gray' : 'orange'}>
      {word}
    </Badge>
  )
}
