import { queryOptions } from '@tanstack/react-query'
import type { Api } from './api.ts'
import { keys } from './keys.ts'

// No hint tells of these, and somebody else may change them meanwhile.
const NOW_AND_THEN_MS = 30_000
const MINUTE_MS = 60_000
const METER_DAYS = 30

const reading = <Key extends readonly string[], T>(queryKey: Key, read: (stop: AbortSignal) => Promise<T>) =>
  queryOptions({ queryKey, queryFn: ({ signal }) => read(signal), refetchInterval: NOW_AND_THEN_MS })

export const stopsQuery = (api: Api) => reading(keys.stops, api.stops)
export const windowsQuery = (api: Api) => reading(keys.windows, api.windows)
export const suppressedQuery = (api: Api) => reading(keys.suppressed, api.suppressed)
export const exceptionsQuery = (api: Api) => reading(keys.exceptions, api.exceptions)
export const disarmedQuery = (api: Api) => reading(keys.disarmed, api.disarmed)
export const sigmaRulesQuery = (api: Api) => reading(keys.sigmaRules, api.sigmaRules)
export const teamsQuery = (api: Api) => reading([...keys.rosters, 'now'] as const, api.teams)
export const rosterPlanQuery = (api: Api) => reading([...keys.rosters, 'plan'] as const, api.rosters)
export const mailsQuery = (api: Api) => reading(keys.mails, api.mails)
export const requestersQuery = (api: Api) => reading(keys.requesters, api.requesters)

/** Of the last 30 days, to the minute: a key that changed each time would never be found again. */
export function meterQuery(api: Api, now: number) {
  const to = Math.ceil(now / MINUTE_MS) * MINUTE_MS
  const read = ({ signal }: { signal: AbortSignal }) => api.meter(to - METER_DAYS * 24 * 60 * MINUTE_MS, to, signal)
  return queryOptions({ queryKey: keys.meter, queryFn: read, staleTime: MINUTE_MS })
}
