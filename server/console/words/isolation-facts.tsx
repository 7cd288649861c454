import { Alert, Badge, Group, Stack, Text } from '@mantine/core'
import type { IsolationView } from '#shared/api/endpoints.ts'
import { When } from '../time/when.tsx'
import { actualColor, actualName, desiredName } from './words.ts'

/** What is wanted of a machine's network and what it says is true: two facts, side by side. */
export function IsolationFacts({ isolation }: { isolation: IsolationView }) {
  const { desired, desiredAt, actual, actualAt, isReady, detail } = isolation
  const isTrouble = ['failed', 'ineffective', 'refused'].includes(actual)
  return (
    <Stack gap="sm">
      <Group grow align="flex-start">
        <Fact title="Wanted" name={desiredName[desired]} color={desired === 'isolated' ? 'grape' : 'gray'} at={desiredAt} />
        <Fact title="Actual" name={actualName[actual]} color={actualColor[actual]} at={actualAt} />
      </Group>
      {isTrouble && (
        <Alert color="red" p="xs">
          {detail || 'The machine did not say why.'}
        </Alert>
      )}
      {!isTrouble && detail && (
        <Text size="xs" c="dimmed" className="breakable">
          {isReady ? detail : `Can't be isolated: ${detail}`}
        </Text>
      )}
    </Stack>
  )
}

function Fact({ title, name, color, at }: { title: string; name: string; color: string; at: number | null }) {
  return (
    <div>
      <Text size="xs" c="dimmed" mb={2}>
        {title}
      </Text>
      <Badge color={color} variant={color === 'gray' ? 'default' : 'filled'} tt="none" radius="sm">
        {name}
      </Badge>
      {at !== null && (
        <Text size="xs" c="dimmed" mt={2}>
          <When at={at} />
        </Text>
      )}
    </div>
  )
}
