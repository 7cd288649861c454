import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { Excepted } from '../ticket/excepted.ts'
import type { Api } from './api.ts'
import { keys } from './keys.ts'

// A tab that nobody sees has no live line (live/use-live-line.ts), so it asks again by itself.
const UNSEEN_MS = 15_000
const alsoUnseen = { refetchInterval: () => (document.hidden ? UNSEEN_MS : false), refetchIntervalInBackground: true } as const
// Nobody sends a hint for every word a machine says, and "last heard" should stay true.
const HEARD_MS = 30_000
const withLastHeard = { refetchInterval: () => (document.hidden ? UNSEEN_MS : HEARD_MS), refetchIntervalInBackground: true } as const

export const MAX_TICKETS = 500

export const sessionQuery = (api: Api) =>
  queryOptions({ queryKey: keys.session, queryFn: ({ signal: stop }) => api.session(stop), staleTime: 60_000, retry: false })

/** Every open ticket: the board, and the count in the title. */
export const openTicketsQuery = (api: Api) =>
  queryOptions({
    queryKey: [...keys.tickets, 'open'],
    queryFn: ({ signal: stop }) => api.tickets({ status: 'open', limit: MAX_TICKETS }, stop),
    ...alsoUnseen,
  })

export const ticketListQuery = (api: Api, status: 'open' | 'resolved' | 'all') =>
  queryOptions({
    queryKey: [...keys.tickets, 'list', status],
    queryFn: ({ signal: stop }) => api.tickets({ status, limit: MAX_TICKETS }, stop),
  })

export const ticketsOfEndpointQuery = (api: Api, endpointId: string) =>
  queryOptions({
    queryKey: [...keys.tickets, 'of-endpoint', endpointId],
    queryFn: ({ signal: stop }) => api.tickets({ status: 'open', endpointId }, stop),
  })

/** The newest that are under one, whatever became of them. */
export const ticketsUnderQuery = (api: Api, parentId: string) =>
  queryOptions({
    queryKey: [...keys.tickets, 'under', parentId],
    queryFn: ({ signal: stop }) => api.tickets({ status: 'all', parentId, limit: 20 }, stop),
  })

/** How many of them are open: they end one after the other, and no hint tells of the ticket over them. */
export const openUnderQuery = (api: Api, parentId: string) =>
  queryOptions({
    queryKey: [...keys.tickets, 'open-under', parentId],
    queryFn: ({ signal: stop }) => api.tickets({ status: 'open', parentId, limit: 1 }, stop),
  })

export const ticketQuery = (api: Api, id: string) =>
  queryOptions({ queryKey: keys.ticket(id), queryFn: ({ signal: stop }) => api.ticket(id, stop) })

/** What “this is noise” would have spared. */
export const noiseQuery = (api: Api, id: string, { scope, tag, what }: Excepted) =>
  queryOptions({
    queryKey: [...keys.noise(id), scope, tag, what],
    queryFn: ({ signal: stop }) => api.noise(id, { scope, what, ...(tag !== null && { tag }) }, stop),
    // Without its tag it is about nothing.
    enabled: scope !== 'tag' || tag !== null,
    placeholderData: keepPreviousData,
    staleTime: 0,
  })

export const scriptsQuery = (api: Api) => queryOptions({ queryKey: keys.scripts, queryFn: ({ signal: stop }) => api.scripts(stop) })

export const commandQuery = (api: Api, id: string) =>
  queryOptions({ queryKey: keys.command(id), queryFn: ({ signal: stop }) => api.command(id, stop) })

/** No hint tells of what machines do by themselves. */
export const standingQuery = (api: Api) =>
  infiniteQueryOptions({
    queryKey: keys.standing,
    queryFn: ({ pageParam, signal: stop }) => api.standingOrders(pageParam, stop),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ orders, hasMore }) => (hasMore ? orders.at(-1)?.id : undefined),
    refetchInterval: UNSEEN_MS,
  })

export const bulksQuery = (api: Api) =>
  infiniteQueryOptions({
    queryKey: keys.bulks,
    queryFn: ({ pageParam, signal: stop }) => api.bulks(pageParam, stop),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ bulks, hasMore }) => (hasMore ? bulks.at(-1)?.id : undefined),
  })

/** What was asked of a machine before all that its page shows. */
export const olderCommandsQuery = (api: Api, endpointId: string, before: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.endpoint(endpointId), 'commands', before],
    queryFn: ({ pageParam, signal: stop }) => api.commandsOf(endpointId, pageParam, stop),
    initialPageParam: before,
    getNextPageParam: ({ commands, hasMore }) => (hasMore ? commands.at(-1)?.id : undefined),
  })

export const bulkQuery = (api: Api, id: string) =>
  queryOptions({ queryKey: keys.bulk(id), queryFn: ({ signal: stop }) => api.bulk(id, stop) })

export const endpointsQuery = (api: Api) =>
  queryOptions({ queryKey: keys.endpoints, queryFn: ({ signal: stop }) => api.endpoints(stop), ...withLastHeard })

export const endpointQuery = (api: Api, id: string) =>
  queryOptions({ queryKey: keys.endpoint(id), queryFn: ({ signal: stop }) => api.endpoint(id, stop), refetchInterval: HEARD_MS })

/** Which policy it goes by, and which line of it says what. */
export const endpointPolicyQuery = (api: Api, id: string) =>
  queryOptions({
    queryKey: keys.endpointPolicy(id),
    queryFn: ({ signal: stop }) => api.endpointPolicy(id, stop),
    refetchInterval: HEARD_MS,
  })

export const endpointSoftwareQuery = (api: Api, id: string) =>
  queryOptions({ queryKey: keys.endpointSoftware(id), queryFn: ({ signal: stop }) => api.endpointSoftware(id, stop) })

export const organisationsQuery = (api: Api) =>
  queryOptions({ queryKey: keys.organisations, queryFn: ({ signal: stop }) => api.organisations(stop), staleTime: 60_000 })

/** Read when it is asked for, and anew each time: tickets open meanwhile. */
export const previewQuery = (api: Api, id: string) =>
  queryOptions({ queryKey: ['preview', id], queryFn: ({ signal: stop }) => api.preview(id, stop), staleTime: 0 })

export const peopleQuery = (api: Api) => queryOptions({ queryKey: keys.people, queryFn: ({ signal: stop }) => api.people(stop) })
export const tokensQuery = (api: Api) => queryOptions({ queryKey: keys.tokens, queryFn: ({ signal: stop }) => api.tokens(stop) })
export const sourcesQuery = (api: Api) => queryOptions({ queryKey: keys.sources, queryFn: ({ signal: stop }) => api.sources(stop) })
export const receiversQuery = (api: Api) => queryOptions({ queryKey: keys.receivers, queryFn: ({ signal: stop }) => api.receivers(stop) })
export const restoredQuery = (api: Api) => queryOptions({ queryKey: keys.restored, queryFn: ({ signal: stop }) => api.restored(stop) })
export const matrixQuery = (api: Api) => queryOptions({ queryKey: keys.matrix, queryFn: ({ signal: stop }) => api.matrix(stop) })

/** The newest page first; each further one goes on where the last ended. */
export const auditHeadQuery = (api: Api) =>
  queryOptions({ queryKey: [...keys.audit, 'head'], queryFn: ({ signal: stop }) => api.auditHead(stop) })

export const auditQuery = (api: Api) =>
  infiniteQueryOptions({
    queryKey: keys.audit,
    queryFn: ({ pageParam, signal: stop }) => api.audit(pageParam, stop),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ lines, hasMore }) => (hasMore ? lines.at(-1)?.id : undefined),
  })

/** No hint tells of what is asked for, or certified elsewhere. */
const SEEN_MS = 5_000

export const browserKeyQuery = (api: Api) =>
  queryOptions({ queryKey: keys.browserKey, queryFn: ({ signal: stop }) => api.browserKey(stop), refetchInterval: SEEN_MS })

export const unsignedQuery = (api: Api) =>
  queryOptions({ queryKey: keys.unsigned, queryFn: ({ signal: stop }) => api.unsigned(stop), refetchInterval: SEEN_MS })
