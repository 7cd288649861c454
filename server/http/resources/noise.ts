import { z } from 'zod'
import {
  CallNoise,
  DisarmedDetectors,
  NoiseExceptionList,
  NoiseMeterAnswer,
  NoiseMeterQuery,
  NoisePreview,
  NoisePreviewQuery,
} from '#shared/api/noise.ts'
import { isOpen } from '#shared/domain/ticket.ts'
import type { NewException } from '../../suppress/exceptions.ts'
import { mustBeDone } from '../desk-outcome.ts'
import type { Needs } from '../needs.ts'
import { refuse } from '../problems.ts'
import { found } from '../reads/found.ts'
import { readExceptions, readNoted, readSpared, readTold } from '../reads/noise.ts'
import { defineReading, defineRoute, type Person, type PersonAccess, type Route } from '../route.ts'
import { actorIn } from './tickets.ts'

const works: PersonAccess = { who: 'person', power: 'work-tickets', reach: 'organisation' }
const ById = z.object({ id: z.string().max(64) })

export default function noise(needs: Needs): Route[] {
  return [previewRoute(needs), callRoute(needs), ...exceptionRoutes(needs), ...detectorRoutes(needs), meterRoute(needs)]
}

const previewRoute = ({ matrices, noise, time }: Needs): Route =>
  defineReading('/api/tickets/:id/noise', 'Which tickets “this is noise” would have spared lately', {
    names: { 'params.id': 'ticket' },
    params: ById,
    query: NoisePreviewQuery,
    answer: NoisePreview,
    handle: async ({ params, query, by }) => {
      const { exceptions } = matrices.rules.matrix
      const ticket = found('ticket', await readTold(by.view, params.id))
      const since = time.now() - exceptions.triedOver
      const refusal = noise.whyNot(ticket, { ...query, tag: query.tag ?? null, until: null }) ?? null
      return { ...(await readSpared(by.view, ticket, query, since)), since, until: time.now() + exceptions.lasts, refusal }
    },
  })

const callRoute = ({ desk, noise }: Needs): Route =>
  defineRoute({
    method: 'POST',
    path: '/api/tickets/:id/noise',
    summary: 'This is noise: spare us the like of it until a date; a ticket that is open ends',
    access: { ...works, isOfTeam: true },
    names: { 'params.id': 'ticket' },
    action: 'ticket.noise',
    params: ById,
    body: CallNoise,
    answer: z.void(),
    status: 204,
    handle: async ({ params, body: { version, tag = null, ...body }, by }) => {
      if (body.scope !== 'endpoint') demandAdmin(by)
      const exception: NewException = { ...body, tag }
      const ticket = found('ticket', await by.view.tickets().select('status').where('tickets.id', '=', params.id).executeTakeFirst())
      if (isOpen(ticket.status)) {
        const act = { ticketId: params.id, version, person: actorIn(by) }
        mustBeDone(await desk.resolve({ ...act, resolution: 'noise', note: body.reason, noise: exception }))
        return
      }
      const refusal = await noise.except(params.id, exception, actorIn(by))
      if (refusal !== undefined) throw refuse('refused', refusal)
    },
  })

/** Whole tags and organisations fall silent by it. */
function demandAdmin({ has }: Person): void {
  if (!has('administer'))
    throw refuse('power-missing', 'Only who has the power "administer" may except a tag or an organisation: except this endpoint.')
}

function exceptionRoutes({ noise, time }: Needs): Route[] {
  return [
    defineReading('/api/noise-exceptions', 'What is called noise now, until when, by whom, and how much it has spared', {
      names: { 'query.organisationId': 'organisation' },
      query: z.object({ organisationId: z.string().max(64).optional() }),
      answer: NoiseExceptionList,
      handle: ({ query, by }) => readExceptions(by.view, query.organisationId, time.now()),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/noise-exceptions/:id',
      summary: 'It is no noise any more',
      access: works,
      names: { 'params.id': 'exception' },
      action: 'exception.end',
      params: ById,
      answer: z.void(),
      status: 204,
      handle: async ({ params, by }) => {
        if (by.isOwnIt)
          throw refuse('power-missing', 'Only the provider ends what is called noise: comment on the ticket, and they look at it.')
        if (!(await noise.end(params.id, actorIn(by)))) throw refuse('refused', 'This exception has ended: it spares nothing any more.')
      },
    }),
  ]
}

function detectorRoutes({ noise }: Needs): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/disarmed-detectors',
      summary: 'Detectors that raised too many false alarms and isolate nothing without a person',
      access: { who: 'person', power: null, reach: 'provider' },
      answer: DisarmedDetectors,
      handle: async ({ by }) => {
        const rows = await by.view.disarmedDetectors().selectAll().where('armed_at', 'is', null).orderBy('disarmed_at').execute()
        return {
          detectors: rows.map(({ id, detector, kind, rule, disarmed_at }) => ({ id, detector, kind, rule, disarmedAt: disarmed_at })),
        }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/disarmed-detectors/:disarmed/arm',
      summary: 'Arm a detector again',
      access: { who: 'person', power: 'administer', reach: 'provider' },
      action: 'detector.arm',
      params: z.object({ disarmed: z.string().max(64) }),
      answer: z.object({ id: z.string() }),
      handle: async ({ params: { disarmed }, by }) => {
        if (!(await noise.arm(disarmed, actorIn(by)))) throw refuse('not-found', 'No such detector is disarmed: somebody has armed it.')
        return { id: disarmed }
      },
    }),
  ]
}

const meterRoute = ({ matrices, noiseOf }: Needs): Route =>
  defineReading('/api/noise-meter', 'How noisy the desk is, and what is aimed at: tickets of machines, pages, false alarms', {
    names: { 'query.organisationId': 'organisation' },
    query: NoiseMeterQuery,
    answer: NoiseMeterAnswer,
    handle: async ({ query, by }) => ({ lines: noiseOf(await readNoted(by.view, query), matrices.rules.matrix, query) }),
  })
