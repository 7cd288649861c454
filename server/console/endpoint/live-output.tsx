import { Code, Progress, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useApi } from '../api/api-context.tsx'
import { commandQuery } from '../api/queries.ts'

/** What a command writes while it runs, and how far it is. Text of a machine, shown as text. */
export function LiveOutput({ commandId }: { commandId: string }) {
  const { data } = useQuery(commandQuery(useApi(), commandId))
  if (!data?.live) return null
  const { done, note, text, isCut } = data.live
  return (
    <Stack gap={4} mt={4}>
      {done !== null && <Progress value={done * 100} size="sm" aria-label="How far it is" />}
      {note !== '' && <Text size="xs">{note}</Text>}
      {text !== '' && (
        <Code block mah={240} style={{ overflow: 'auto', whiteSpace: 'pre-wrap' }}>
          {text}
        </Code>
      )}
      {isCut && (
        <Text size="xs" c="dimmed">
          Cut: there was more than is shown live.
        </Text>
      )}
    </Stack>
  )
}
