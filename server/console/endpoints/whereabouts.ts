import type { EndpointSummary } from '#shared/api/endpoints.ts'
import { missingAfterMs } from '#shared/domain/endpoint.ts'
import { duration } from '../time/durations.ts'

export type Heard = Pick<EndpointSummary, 'isConnected' | 'goodbye' | 'lastHeardAt'>

/** Where a machine is, as far as was heard, and the word for it. */
export function whereabouts(
  { isConnected, goodbye, lastHeardAt }: Heard,
  now: number,
): { is: 'there' | 'away' | 'silent' | 'missing'; word: string } {
  if (isConnected) return { is: 'there', word: 'Connected' }
  if (lastHeardAt !== null && now - lastHeardAt >= missingAfterMs) return { is: 'missing', word: `Missing ${duration(now - lastHeardAt)}` }
  return goodbye ? { is: 'away', word: `Away: ${goodbye}` } : { is: 'silent', word: 'Silent' }
}
