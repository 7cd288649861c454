import { Alert, Grid, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useApi } from '../api/api-context.tsx'
import { endpointQuery } from '../api/queries.ts'
import { PageProblem, PageReading } from '../frame/page-problem.tsx'
import { When } from '../time/when.tsx'
import { CommandsCard } from './commands-card.tsx'
import { DiagnosticsCard } from './diagnostics-card.tsx'
import { EndpointHead } from './endpoint-head.tsx'
import { GapsCard } from './gaps-card.tsx'
import { Health } from './health.tsx'
import { InventoryCard } from './inventory-card.tsx'
import { IsolationCard } from './isolation-card.tsx'
import { OpenTicketsCard } from './open-tickets-card.tsx'
import { PolicyCard } from './policy-card.tsx'
import { BackupCard } from './restore/backup-card.tsx'
import { SoftwareCard } from './software-card.tsx'

const route = getRouteApi('/signed-in/endpoints/$id')

/** One machine: how it is now, what it is made of, and what was asked of it. */
export function EndpointPage() {
  const { id } = route.useParams()
  const { data: endpoint, error, refetch } = useQuery(endpointQuery(useApi(), id))
  if (!endpoint) return error ? <PageProblem error={error} reset={() => void refetch()} /> : <PageReading />
  return (
    <div className="page">
      <Stack gap="md">
        <EndpointHead endpoint={endpoint} />
        {endpoint.removedAt !== null && (
          <Alert color="gray">
            Revoked <When at={endpoint.removedAt} as="instant" />: its certificate opens nothing any more. What it said before is kept.
          </Alert>
        )}
        <Grid gap="md" align="flex-start">
          <Grid.Col span={{ base: 12, md: 8 }}>
            <Stack gap="md">
              <Health key={id} endpointId={id} />
              <BackupCard endpoint={endpoint} />
              <DiagnosticsCard endpoint={endpoint} />
              <CommandsCard commands={endpoint.commands} hasMore={endpoint.hasMoreCommands} endpointId={id} />
              <GapsCard {...endpoint} />
            </Stack>
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 4 }}>
            <Stack gap="md">
              <OpenTicketsCard endpointId={id} />
              <IsolationCard endpoint={endpoint} />
              <PolicyCard endpointId={id} />
              <InventoryCard inventory={endpoint.inventory} at={endpoint.inventoryAt} />
              <SoftwareCard endpointId={id} />
            </Stack>
          </Grid.Col>
        </Grid>
      </Stack>
    </div>
  )
}
