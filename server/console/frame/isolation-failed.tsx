import { Alert } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useApi } from '../api/api-context.tsx'
import { endpointsQuery } from '../api/queries.ts'
import { PageLink } from './page-link.tsx'

/** Red on every page while a machine that should be cut off is not. */
export function IsolationFailed() {
  const { data } = useQuery(endpointsQuery(useApi()))
  const failed = data?.endpoints.filter((endpoint) => ['failed', 'ineffective'].includes(endpoint.isolation.actual)) ?? []
  if (failed.length === 0) return null
  return (
    <Alert color="red" variant="filled" radius={0} py="xs" role="alert">
      Isolation failed:{' '}
      {failed.map((endpoint, index) => (
        <span key={endpoint.id}>
          {index > 0 && ', '}
          <PageLink to="/endpoints/$id" params={{ id: endpoint.id }} c="white" inherit fw={650} underline="always">
            {endpoint.hostname}
          </PageLink>
        </span>
      ))}
      . Treat {failed.length === 1 ? 'it' : 'them'} as connected until somebody has pulled the cable.
    </Alert>
  )
}
