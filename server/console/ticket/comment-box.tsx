import { Button, Group, Textarea } from '@mantine/core'
import { useState } from 'react'
import type { TicketDetail } from '#shared/api/tickets.ts'
import { useTicketChange } from './use-ticket-change.ts'

export function CommentBox({ ticket }: { ticket: TicketDetail }) {
  const [text, setText] = useState('')
  const comment = useTicketChange(ticket.id, (api, words: string) => api.comment(ticket.id, ticket.version, words))
  if (!ticket.may.includes('comments')) return null
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        comment.mutate(text.trim(), { onSuccess: () => setText('') })
      }}
    >
      <Textarea
        aria-label="Comment"
        placeholder="What you found, what you tried, what comes next …"
        autosize
        minRows={2}
        maxLength={10_000}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Group justify="flex-end" mt="xs">
        <Button type="submit" variant="default" disabled={text.trim() === ''} loading={comment.isPending}>
          Comment
        </Button>
      </Group>
    </form>
  )
}
