import { Badge, Group, Text } from '@mantine/core'
import type { EndpointSummary } from '#shared/api/endpoints.ts'
import { PageLink } from '../frame/page-link.tsx'
import type { Column } from '../frame/sortable-table.tsx'
import { When } from '../time/when.tsx'
import { roleName, stateColor, stateName } from '../words/words.ts'
import { Presence } from './presence.tsx'

export const endpointColumns: Column<EndpointSummary>[] = [
  { id: 'host', header: 'Host', sortBy: (endpoint) => endpoint.hostname, cell: (endpoint) => <Host endpoint={endpoint} /> },
  {
    id: 'organisation',
    header: 'Organisation',
    sortBy: (endpoint) => endpoint.organisation.name,
    cell: (endpoint) => <TwoLines first={endpoint.organisation.name} second={endpoint.site?.name ?? ''} />,
  },
  {
    id: 'role',
    header: 'Role',
    sortBy: (endpoint) => endpoint.role,
    cell: (endpoint) => <TwoLines first={roleName[endpoint.role]} second={roleSource[endpoint.roleSource]} />,
  },
  {
    id: 'connected',
    header: 'Connected',
    sortBy: (endpoint) => Number(endpoint.isConnected),
    cell: (endpoint) => <Presence endpoint={endpoint} />,
  },
  {
    id: 'heard',
    header: 'Last heard',
    sortBy: (endpoint) => endpoint.lastHeardAt ?? 0,
    cell: (endpoint) => (endpoint.lastHeardAt === null ? 'never' : <When at={endpoint.lastHeardAt} />),
  },
  {
    id: 'open',
    header: 'Open',
    sortBy: (endpoint) => endpoint.openTickets,
    cell: (endpoint) => <OpenTickets count={endpoint.openTickets} />,
  },
  {
    id: 'network',
    header: 'Network',
    sortBy: ({ isolation }) => `${isolation.desired} ${isolation.actual}`,
    cell: (endpoint) => <Network endpoint={endpoint} />,
  },
  {
    id: 'agent',
    header: 'Agent',
    sortBy: (endpoint) => endpoint.agentVersion ?? '',
    cell: (endpoint) => <span className="tabular">{endpoint.agentVersion ?? '–'}</span>,
  },
]

const roleSource: Record<EndpointSummary['roleSource'], string> = { person: 'confirmed', facts: 'by facts', unknown: 'not said yet' }

function Host({ endpoint }: { endpoint: EndpointSummary }) {
  return (
    <>
      <PageLink to="/endpoints/$id" params={{ id: endpoint.id }} fz="sm" fw={600} truncate maw={260} display="block">
        {endpoint.hostname}
      </PageLink>
      <Text size="xs" c="dimmed">
        {endpoint.platform}
      </Text>
    </>
  )
}

function TwoLines({ first, second }: { first: string; second: string }) {
  return (
    <>
      <Text size="sm">{first}</Text>
      <Text size="xs" c="dimmed">
        {second}
      </Text>
    </>
  )
}

function OpenTickets({ count }: { count: number }) {
  return (
    <Text size="sm" fw={count > 0 ? 650 : 400} c={count > 0 ? 'inherit' : 'dimmed'} className="tabular">
      {count}
    </Text>
  )
}

/** One word while wanted and actual agree, both where they don't. */
function Network({ endpoint }: { endpoint: EndpointSummary }) {
  const { desired, actual, state, notReady } = endpoint.isolation
  return (
    <Group gap={6} wrap="nowrap">
      <Badge size="sm" radius="sm" tt="none" color={stateColor[state]} variant={actual === 'open' ? 'default' : 'filled'}>
        {stateName[state]}
      </Badge>
      {notReady !== null && actual === 'open' && (
        <Text size="xs" c="orange" className="nowrap" title={notReady}>
          can't be isolated
        </Text>
      )}
      {desired !== actual && (
        <Text size="xs" c="dimmed" className="nowrap">
          wanted: {desired}
        </Text>
      )}
    </Group>
  )
}
