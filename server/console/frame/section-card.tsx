import { Card, Group, Title } from '@mantine/core'
import type { ReactNode } from 'react'

/** A titled box; `aside` stands at the right of the title. */
export function SectionCard({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <Card component="section" withBorder padding="md" aria-label={title}>
      <Group justify="space-between" mb="sm" wrap="nowrap">
        <Title order={2} fz="sm" fw={650}>
          {title}
        </Title>
        {aside}
      </Group>
      {children}
    </Card>
  )
}
