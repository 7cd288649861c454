import { Stack, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useApi } from '../api/api-context.tsx'
import { rosterPlanQuery } from '../api/desk-queries.ts'
import { PageProblem, PageReading } from '../frame/page-problem.tsx'
import { AbsencesCard } from './absences-card.tsx'
import { NowCard } from './now-card.tsx'
import { OverridesCard } from './overrides-card.tsx'
import { RotationsCard } from './rotations-card.tsx'
import { ShiftsCard } from './shifts-card.tsx'
import { SkillsCard } from './skills-card.tsx'

/** Who works, who is called, and who knows what: of now and as it is planned. */
export function TeamsPage() {
  const { data: plan, error, refetch } = useQuery(rosterPlanQuery(useApi()))
  if (!plan) return error ? <PageProblem error={error} reset={() => void refetch()} /> : <PageReading />
  return (
    <div className="page">
      <Title order={1} fz={20} mb="sm">
        Teams and rosters
      </Title>
      <Stack gap="md">
        <NowCard />
        <RotationsCard plan={plan} />
        <OverridesCard plan={plan} />
        <ShiftsCard plan={plan} />
        <AbsencesCard plan={plan} />
        <SkillsCard plan={plan} />
      </Stack>
    </div>
  )
}
