import { Button, Group } from '@mantine/core'
import { powersToAsk } from '#shared/api/commands.ts'
import type { HeldAnswer } from '#shared/domain/command.ts'
import { usePowers } from '../session/session.ts'

interface HeldButtonsProps {
  verb: string
  isBusy: boolean
  onDecide(answer: HeldAnswer): void
}

/** Send or drop a command that a restore holds; nothing for those who may do neither. */
export function HeldButtons({ verb, isBusy, onDecide }: HeldButtonsProps) {
  const may = usePowers()
  // The collector asks again, knowing the machine.
  if (!powersToAsk(verb, 'server').every(may)) return null
  return (
    <Group gap="xs" mt={4} wrap="nowrap">
      <Button size="compact-xs" loading={isBusy} onClick={() => onDecide('send')}>
        Send
      </Button>
      <Button size="compact-xs" variant="default" disabled={isBusy} onClick={() => onDecide('drop')}>
        Drop
      </Button>
    </Group>
  )
}
