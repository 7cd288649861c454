import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { Api } from '../api/api.ts'
import { useApi } from '../api/api-context.tsx'
import { keys } from '../api/keys.ts'

/** A change to one endpoint, which is then read again; a refusal is said in its own sentence. */
export function useEndpointChange<Input>(endpointId: string, change: (api: Api, input: Input) => Promise<unknown>) {
  const api = useApi()
  const client = useQueryClient()
  return useMutation({
    mutationFn: (input: Input) => change(api, input),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: keys.endpoint(endpointId) }),
        client.invalidateQueries({ queryKey: keys.endpoints }),
      ]),
    onError: (error) => notifications.show({ color: 'red', title: 'That did not work', message: sentenceOf(error), autoClose: 12_000 }),
  })
}
