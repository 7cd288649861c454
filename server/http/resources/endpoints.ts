import { z } from 'zod'
import {
  CommandList,
  CommandQuery,
  EndpointChange,
  EndpointDetail,
  EndpointList,
  EndpointRelease,
  SampleList,
  SampleQuery,
} from '#shared/api/endpoints.ts'
import { coreTags } from '#shared/domain/endpoint.ts'
import { CloseCode } from '#shared/protocol/close-codes.ts'
import type { Desk } from '../../desk/desk.ts'
import type { Tx } from '../../store/store.ts'
import { mustBeDone } from '../desk-outcome.ts'
import type { Needs } from '../needs.ts'
import { listCommands } from '../reads/command.ts'
import { listEndpoints, readEndpoint } from '../reads/endpoints.ts'
import { found } from '../reads/found.ts'
import { readSamples } from '../reads/samples.ts'
import { defineReading, defineRoute, type Person, type Route } from '../route.ts'
import { actorIn } from './tickets.ts'

const ById = z.object({ id: z.string().max(64) })

const about = { names: { 'params.id': 'endpoint' }, params: ById } as const

/** Each command comes with what it answered, in a sentence. */
const results = { ...about, action: 'endpoint.view-results' } as const

const detail = async (by: Person, id: string) => found('endpoint', await readEndpoint(by.view, id))

export default function endpoints(needs: Needs): Route[] {
  return [
    ...reading,
    samples(needs),
    ...administering(needs),
    contain('isolate', needs.desk.isolateEndpoint),
    contain('release', needs.desk.releaseEndpoint),
  ]
}

const reading: Route[] = [
  defineReading('/api/endpoints', 'Endpoints, by name', {
    names: { 'query.organisationId': 'organisation' },
    query: z.object({ organisationId: z.string().max(64).optional() }),
    answer: EndpointList,
    handle: async ({ query, by }) => ({ endpoints: await listEndpoints(by.view, query.organisationId) }),
  }),
  defineReading('/api/endpoints/:id', 'One endpoint with its inventory, its commands, and what of its records is missing', {
    ...results,
    answer: EndpointDetail,
    handle: ({ params, by }) => detail(by, params.id),
  }),
  defineReading('/api/endpoints/:id/commands', 'What was ever asked of one endpoint, the newest first', {
    ...results,
    query: CommandQuery,
    answer: CommandList,
    handle: ({ params, query, by }) => listCommands(by.view, params.id, query),
  }),
]

function samples({ time }: Needs): Route {
  return defineReading(
    '/api/endpoints/:id/samples',
    'Its health: samples of a short range, roll-ups (minimum, mean, maximum) of a long one, oldest first',
    {
      ...about,
      query: SampleQuery,
      answer: SampleList,
      handle: ({ params, query, by }) => readSamples(by.view, { endpointId: params.id, ...query }, time.now()),
    },
  )
}

function administering({ identity, wire, signing }: Needs): Route[] {
  const access = { who: 'person', power: 'administer', reach: 'organisation' } as const
  return [
    defineRoute({
      ...about,
      access,
      method: 'PATCH',
      path: '/api/endpoints/:id',
      summary: 'Say what the machine is for (null: take the role that its agent found), and tag it',
      action: 'endpoint.confirm-role',
      body: EndpointChange,
      answer: EndpointDetail,
      handle: async ({ params, body, by }) => {
        const isCore = body.role === 'core' || body.tags?.some((tag) => coreTags.includes(tag)) === true
        const within = async (tx: Tx): Promise<void> => {
          if (isCore) await signing.saidCore(tx, params.id)
          await by.record?.(tx)
        }
        if (body.tags !== undefined) await identity.tag(params.id, body.tags, within)
        if (body.role !== undefined) await identity.confirmRole(params.id, body.role, within)
        return detail(by, params.id)
      },
    }),
    defineRoute({
      ...about,
      access,
      method: 'DELETE',
      path: '/api/endpoints/:id',
      summary: 'Revoke its certificate and end its session',
      action: 'endpoint.revoke',
      answer: z.void(),
      status: 204,
      handle: async ({ params, by }) => {
        await identity.revoke(params.id, by.record)
        wire.disconnect(params.id, CloseCode.Revoked, 'this endpoint was removed')
      },
    }),
  ]
}

const summaries = { isolate: 'Cut it off from everything but its collector', release: 'Undo its isolation' }

function contain(verb: 'isolate' | 'release', act: Desk['releaseEndpoint']): Route {
  return defineRoute({
    ...about,
    method: 'POST',
    path: `/api/endpoints/:id/${verb}`,
    summary: summaries[verb],
    access: { who: 'person', power: verb, reach: 'organisation' },
    action: `endpoint.${verb}`,
    body: EndpointRelease,
    answer: EndpointDetail,
    handle: async ({ params, body, by }) => {
      mustBeDone(await act({ ...body, endpointId: params.id, person: actorIn(by) }))
      return detail(by, params.id)
    },
  })
}
