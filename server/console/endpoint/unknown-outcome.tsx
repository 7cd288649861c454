import { Button, Group } from '@mantine/core'
import type { FoundOutcome } from '#shared/domain/command.ts'
import { usePowers } from '../session/session.ts'
import { useEndpointChange } from './use-endpoint-change.ts'

/** Nobody knows whether it ran: whoever looked says what they found. */
export function UnknownOutcome({ commandId, endpointId }: { commandId: string; endpointId: string }) {
  const may = usePowers()
  const find = useEndpointChange(endpointId, (api, outcome: FoundOutcome) =>
    api.findOutcome(commandId, { outcome, note: `Looked at the machine: ${outcome === 'succeeded' ? 'it ran' : 'it did not run'}.` }),
  )
  if (!may('work-tickets')) return null
  return (
    <Group gap="xs" mt={4} wrap="nowrap">
      <Button size="compact-xs" variant="default" loading={find.isPending} onClick={() => find.mutate('succeeded')}>
        It ran
      </Button>
      <Button size="compact-xs" variant="default" disabled={find.isPending} onClick={() => find.mutate('failed')}>
        It did not
      </Button>
    </Group>
  )
}
