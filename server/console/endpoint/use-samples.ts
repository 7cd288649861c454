import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Sample } from '#shared/domain/sample.ts'
import { useApi } from '../api/api-context.tsx'
import { keys } from '../api/keys.ts'
import { createRereader } from '../live/hints.ts'
import { useLiveLine } from '../live/use-live-line.ts'
import { useClock } from '../time/clock.tsx'
import { appendSamples } from './series.ts'

// The agent stamps samples with its own clock, which may be a little ahead of the collector's.
const AHEAD_MS = 10 * 60_000
const MAX_SPAN_MS = 24 * 60 * 60_000

const none: Sample[] = []

/** The samples of the last `spanMs`, oldest first. Looking at them asks the endpoint to send each one at once. */
export function useSamples(endpointId: string, spanMs: number): { samples: Sample[]; isLoading: boolean } {
  const api = useApi()
  const client = useQueryClient()
  const clock = useClock()
  const queryKey = [...keys.samples(endpointId), String(spanMs)]
  const { data, isLoading } = useQuery({
    queryKey,
    placeholderData: keepPreviousData,
    // Reads only what is newer than what it has.
    queryFn: async ({ signal: stop }) => {
      const kept = client.getQueryData<Sample[]>(queryKey) ?? []
      const start = clock.now() - spanMs
      const from = Math.max(start, (kept.at(-1)?.at ?? 0) + 1)
      const { samples } = await api.samples(endpointId, from, Math.min(from + MAX_SPAN_MS, clock.now() + AHEAD_MS), stop)
      return appendSamples(kept, samples, start)
    },
  })
  const reread = useMemo(() => createRereader((key) => client.invalidateQueries({ queryKey: key })), [client])
  useLiveLine(`/api/live?watch=${encodeURIComponent(endpointId)}`, {
    event: (event) => event.topic === 'sample' && event.id === endpointId && reread([keys.samples(endpointId)]),
    live: () => reread([keys.samples(endpointId)]),
  })
  return { samples: data ?? none, isLoading }
}
