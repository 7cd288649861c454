import { Badge, type MantineSize } from '@mantine/core'
import type { Priority } from '#shared/domain/priority.ts'
import { priorityColor } from './words.ts'

export function PriorityBadge({ priority, size = 'md' }: { priority: Priority; size?: MantineSize }) {
  return (
    <Badge color={priorityColor[priority]} variant={priority === 'P4' ? 'default' : 'filled'} size={size} radius="sm" miw="max-content">
      {priority}
    </Badge>
  )
}
