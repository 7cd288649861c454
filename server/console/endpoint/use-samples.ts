import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { SampleList } from '#shared/api/endpoints.ts'
import { useApi } from '../api/api-context.tsx'
import { keys } from '../api/keys.ts'
import { createRereader } from '../live/hints.ts'
import { useLiveLine } from '../live/use-live-line.ts'
import { useClock } from '../time/clock.tsx'
import { appendSamples } from './series.ts'

// The agent stamps samples with its own clock, which may be a little ahead of the collector's.
const AHEAD_MS = 10 * 60_000
// A roll-up changes every five minutes at most; its last point grows meanwhile.
const ROLLED_MS = 60_000

const none: SampleList = { kind: 'raw', samples: [] }

/**
 * Health over the last `spanMs`, oldest first: samples of a short span, roll-ups of a long one, as the collector answers.
 * Looking at it asks the endpoint to send each sample at once.
 */
export function useSamples(endpointId: string, spanMs: number): { health: SampleList; isLoading: boolean } {
  const api = useApi()
  const client = useQueryClient()
  const clock = useClock()
  const queryKey = [...keys.samples(endpointId), String(spanMs)]
  const { data, isLoading } = useQuery<SampleList>({
    queryKey,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.kind === 'rolled' ? ROLLED_MS : false),
    // Of samples it reads only what is newer than what it has.
    queryFn: async ({ signal: stop }) => {
      const kept = client.getQueryData<SampleList>(queryKey)
      const samples = kept?.kind === 'raw' ? kept.samples : []
      const start = clock.now() - spanMs
      const from = Math.max(start, (samples.at(-1)?.at ?? 0) + 1)
      const come = await api.samples(endpointId, from, Math.max(from, clock.now() + AHEAD_MS), stop)
      return come.kind === 'rolled' ? come : { ...come, samples: appendSamples(samples, come.samples, start) }
    },
  })
  const reread = useMemo(() => createRereader((key) => client.invalidateQueries({ queryKey: key })), [client])
  useLiveLine(`/api/live?watch=${encodeURIComponent(endpointId)}`, {
    event: (event) => event.topic === 'sample' && event.id === endpointId && data?.kind !== 'rolled' && reread([keys.samples(endpointId)]),
    live: () => reread([keys.samples(endpointId)]),
  })
  return { health: data ?? none, isLoading }
}
