import { Group, Text } from '@mantine/core'

/** The name with its three tiers. */
export function Wordmark({ size = 'md' }: { size?: 'md' | 'lg' }) {
  const side = size === 'lg' ? 30 : 24
  return (
    <Group gap={8} wrap="nowrap">
      <img src="/favicon.svg" alt="" width={side} height={side} />
      <Text span {...(size === 'lg' ? {} : { visibleFrom: 'sm' })} fw={700} fz={size === 'lg' ? 24 : 18} lh={1}>
        Tierline
      </Text>
    </Group>
  )
}
