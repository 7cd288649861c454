import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Api } from './api.ts'
import { useApi } from './api-context.tsx'

/** A change after which what stands under `key` is read again; whoever asked shows what was refused. */
export function useChange<Input, Answer>(key: readonly string[], change: (api: Api, input: Input) => Promise<Answer>) {
  const api = useApi()
  const client = useQueryClient()
  return useMutation({
    mutationFn: (input: Input) => change(api, input),
    onSuccess: () => client.invalidateQueries({ queryKey: key }),
  })
}
