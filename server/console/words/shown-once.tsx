import { Button, Code, Group, Stack, Text } from '@mantine/core'
import { CopyText } from './copy-text.tsx'

interface ShownOnceProps {
  /** What it is: "token", "key", "secret". */
  what: string
  /** What it does, as one sentence. */
  use?: string
  secret: string
  /** How it is used, as one line that can be copied too. */
  line?: string
  onDone(): void
}

/** A secret that was just made; the collector keeps no copy that could be shown again. */
export function ShownOnce({ what, use, secret, line, onDone }: ShownOnceProps) {
  return (
    <Stack>
      <Text size="sm">
        {use} This {what} is shown only now: put it where it is needed. If it is lost, make another.
      </Text>
      <Copyable text={secret} what={`the ${what}`} />
      {line && (
        <>
          <Text size="sm">To try it:</Text>
          <Copyable text={line} what="the line" />
        </>
      )}
      <Group justify="flex-end">
        <Button size="xs" onClick={onDone}>
          Done
        </Button>
      </Group>
    </Stack>
  )
}

function Copyable({ text, what }: { text: string; what: string }) {
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start">
      <Code block className="mono grow" data-copyable={what}>
        {text}
      </Code>
      <CopyText text={text} what={what} />
    </Group>
  )
}
