import type { IsolationView } from '#shared/api/endpoints.ts'
import { PageLink } from '../frame/page-link.tsx'
import { SectionCard } from '../frame/section-card.tsx'
import { IsolationFacts } from '../words/isolation-facts.tsx'

export function MachineCard({ endpoint, isolation }: { endpoint: { id: string; hostname: string }; isolation: IsolationView | null }) {
  return (
    <SectionCard
      title="Machine"
      aside={
        <PageLink to="/endpoints/$id" params={{ id: endpoint.id }} size="sm" truncate>
          {endpoint.hostname}
        </PageLink>
      }
    >
      {isolation ? <IsolationFacts isolation={isolation} /> : null}
    </SectionCard>
  )
}
