import { Stack, Title } from '@mantine/core'
import { useIsProvider } from '../session/session.ts'
import { DetectorsCard } from './detectors-card.tsx'
import { ExceptionsCard } from './exceptions-card.tsx'
import { MeterCard } from './meter-card.tsx'
import { SigmaRulesCard } from './sigma-rules-card.tsx'
import { WaitingCard } from './waiting-card.tsx'
import { WindowsCard } from './windows-card.tsx'

/** What machines may say without anybody being called, and how noisy the desk is all the same. */
export function QuietPage() {
  const isProvider = useIsProvider()
  return (
    <div className="page">
      <Title order={1} fz={20} mb="sm">
        Maintenance and noise
      </Title>
      <Stack gap="md">
        <WindowsCard />
        <WaitingCard />
        <ExceptionsCard />
        {isProvider && <DetectorsCard />}
        {isProvider && <SigmaRulesCard />}
        <MeterCard />
      </Stack>
    </div>
  )
}
