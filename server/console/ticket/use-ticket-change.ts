import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { Api } from '../api/api.ts'
import { useApi } from '../api/api-context.tsx'
import { isStale } from '../api/call.ts'
import { keys } from '../api/keys.ts'

/**
 * A change to one ticket. Whatever comes of it, the ticket is read again; when somebody else was quicker, the reader is
 * told so, and decides anew on what they see then.
 */
export function useTicketChange<Input>(ticketId: string, change: (api: Api, input: Input) => Promise<unknown>) {
  const api = useApi()
  const client = useQueryClient()
  return useMutation({
    mutationFn: (input: Input) => change(api, input),
    onSettled: () =>
      Promise.all([client.invalidateQueries({ queryKey: keys.ticket(ticketId) }), client.invalidateQueries({ queryKey: keys.tickets })]),
    onError: (error) =>
      notifications.show({
        color: isStale(error) ? 'orange' : 'red',
        title: isStale(error) ? 'The ticket has changed meanwhile' : 'That did not work',
        message: isStale(error) ? `${sentenceOf(error)} It has been read again: look, then try once more.` : sentenceOf(error),
        autoClose: 12_000,
      }),
  })
}
