import { Group, Text, Title } from '@mantine/core'
import type { EndpointDetail } from '#shared/api/endpoints.ts'
import { Presence } from '../endpoints/presence.tsx'
import { useSession } from '../session/session.ts'
import { When } from '../time/when.tsx'
import { RevokeButton } from './revoke-button.tsx'
import { RoleSelect } from './role-select.tsx'

export function EndpointHead({ endpoint }: { endpoint: EndpointDetail }) {
  const { powers } = useSession()
  const mayAdminister = powers.includes('administer') && endpoint.removedAt === null
  return (
    <header>
      <Group justify="space-between" align="flex-start" gap="md">
        <div className="ticket-headline">
          <Group gap="sm">
            <Title order={1} fz={24} lh={1.3} className="breakable">
              {endpoint.hostname}
            </Title>
            <Presence endpoint={endpoint} />
          </Group>
          <Text size="sm" c="dimmed" mt={4}>
            {endpoint.organisation.name}
            {endpoint.site ? `, ${endpoint.site.name}` : ''} · {endpoint.platform} · agent {endpoint.agentVersion ?? 'not heard yet'} ·{' '}
            {endpoint.lastHeardAt === null ? (
              'never heard'
            ) : (
              <>
                heard <When at={endpoint.lastHeardAt} />
              </>
            )}
          </Text>
        </div>
        <Group gap="xs" align="flex-end">
          <RoleSelect endpoint={endpoint} isDisabled={!mayAdminister} />
          {mayAdminister && <RevokeButton endpoint={endpoint} />}
        </Group>
      </Group>
    </header>
  )
}
