import { Badge, Tooltip } from '@mantine/core'
import { useLineState } from '../live/live.tsx'
import type { LineState } from '../live/live-line.ts'

const shown: Record<LineState, { color: string; word: string; sentence: string }> = {
  connecting: { color: 'gray', word: 'Connecting', sentence: 'Dialling the collector.' },
  live: { color: 'teal', word: 'Live', sentence: 'What you see is what the collector knows, to the second.' },
  lost: { color: 'red', word: 'Not live', sentence: 'The live line is lost and is being dialled again. What you see may be old.' },
}

export function LineBadge() {
  const { color, word, sentence } = shown[useLineState()]
  return (
    <Tooltip label={sentence} multiline maw={260}>
      <Badge color={color} variant="dot" role="status" tt="none" miw="max-content" aria-label={`${word}. ${sentence}`}>
        {word}
      </Badge>
    </Tooltip>
  )
}
