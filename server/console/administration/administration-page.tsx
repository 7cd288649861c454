import { Group, Stack, Title } from '@mantine/core'
import { PageButton } from '../frame/page-link.tsx'
import { useSession } from '../session/session.ts'
import { MatrixCard } from './matrix-card.tsx'
import { OrganisationsCard } from './organisations-card.tsx'
import { PeopleCard } from './people-card.tsx'
import { ReceiversCard } from './receivers-card.tsx'
import { RestoredCard } from './restored-card.tsx'
import { SourcesCard } from './sources-card.tsx'
import { TokensCard } from './tokens-card.tsx'

/** Who may sign in, what programs may do, who is told, and what decides. */
export function AdministrationPage() {
  const { person } = useSession()
  return (
    <div className="page">
      <Group mb="sm" justify="space-between">
        <Title order={1} fz={20}>
          Administration
        </Title>
        <PageButton to="/audit" size="xs" variant="default">
          Audit
        </PageButton>
      </Group>
      <Stack gap="md">
        {person.organisationId === null && <RestoredCard />}
        {person.organisationId === null && <OrganisationsCard />}
        <PeopleCard />
        <SourcesCard />
        <ReceiversCard />
        <TokensCard />
        {person.organisationId === null && <MatrixCard />}
      </Stack>
    </div>
  )
}
