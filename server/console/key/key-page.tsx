import { Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useApi } from '../api/api-context.tsx'
import { keys } from '../api/keys.ts'
import { browserKeyQuery, unsignedQuery } from '../api/queries.ts'
import { PageProblem, PageReading } from '../frame/page-problem.tsx'
import { SectionCard } from '../frame/section-card.tsx'
import { useSession } from '../session/session.ts'
import { canHaveKey, findKey } from './browser-key.ts'
import { OwnKeyCard } from './own-key-card.tsx'
import { WaitingOrder } from './waiting-order.tsx'

/** The key in this browser, and what waits for a signature. */
export function KeyPage() {
  const api = useApi()
  const { person } = useSession()
  const own = useQuery({ queryKey: keys.ownKey(person.id), queryFn: () => (canHaveKey() ? findKey(person.id) : null) })
  const known = useQuery(browserKeyQuery(api))
  const unsigned = useQuery(unsignedQuery(api))
  const failed = [own, known, unsigned].find(({ error }) => error)
  if (failed?.error) return <PageProblem error={failed.error} reset={() => void failed.refetch()} />
  if (own.data === undefined || !known.data || !unsigned.data) return <PageReading />
  const certified = own.data && own.data.kid === known.data.requested?.kid ? known.data.certified : null
  const waiting = unsigned.data
  return (
    <div className="page">
      <Title order={1} fz={20} mb="sm">
        My key
      </Title>
      <Stack gap="md">
        <OwnKeyCard own={own.data} known={known.data} />
        <SectionCard title="Waiting for a signature">
          {waiting.length === 0 && <Text c="dimmed">Nothing waits for a signature.</Text>}
          {waiting.map((each) => (
            <WaitingOrder key={each.id} waiting={each} own={own.data ?? null} certified={certified} />
          ))}
        </SectionCard>
      </Stack>
    </div>
  )
}
