import { Button, Checkbox, Group } from '@mantine/core'
import { useState } from 'react'
import type { TicketDetail } from '#shared/api/tickets.ts'
import { LongText } from '../frame/long-text.tsx'
import { useIsProvider } from '../session/session.ts'
import { useTicketChange } from './use-ticket-change.ts'

export function CommentBox({ ticket }: { ticket: TicketDetail }) {
  const [text, setText] = useState('')
  const [isInternal, setInternal] = useState(false)
  const isOurs = useIsProvider()
  const comment = useTicketChange(ticket.id, (api, words: string) =>
    api.comment(ticket.id, { version: ticket.version, text: words, isInternal }),
  )
  if (!ticket.may.includes('comments')) return null
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        comment.mutate(text.trim(), { onSuccess: () => setText('') })
      }}
    >
      <LongText
        aria-label="Comment"
        placeholder="What you found, what you tried, what comes next …"
        minRows={2}
        text={text}
        onChange={setText}
      />
      <Group justify="flex-end" mt="xs">
        {isOurs && (
          <Checkbox
            label="Internal: nobody of the customer sees it"
            checked={isInternal}
            onChange={(event) => setInternal(event.currentTarget.checked)}
          />
        )}
        <Button type="submit" variant="default" disabled={text.trim() === ''} loading={comment.isPending}>
          Comment
        </Button>
      </Group>
    </form>
  )
}
