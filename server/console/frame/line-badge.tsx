import { Badge, Tooltip } from '@mantine/core'
import { useLineState } from '../live/live.tsx'
import type { LineState } from '../live/live-line.ts'

interface Look {
  color: string
  variant: 'dot' | 'filled'
  word: string
  sentence: string
}

const looks: Record<LineState, Look> = {
  connecting: { color: 'gray', variant: 'dot', word: 'Connecting', sentence: 'Dialling the collector.' },
  live: { color: 'teal', variant: 'dot', word: 'Live', sentence: 'What you see is what the collector knows, to the second.' },
  lost: {
    color: 'red',
    variant: 'filled',
    word: 'Not live',
    sentence: 'The live line is lost and is being dialled again. What you see may be old.',
  },
}

export function LineBadge() {
  const { color, variant, word, sentence } = looks[useLineState()]
  return (
    <Tooltip label={sentence} multiline maw={260}>
      <Badge color={color} variant={variant} role="status" tt="none" miw="max-content" aria-label={`${word}. ${sentence}`}>
        {word}
      </Badge>
    </Tooltip>
  )
}
