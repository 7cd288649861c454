import { z } from 'zod'
import { Made, NewAbsence, NewOverride, NewRotation, NewShift, PersonWork, RosterPlan, TeamList } from '#shared/api/rosters.ts'
import type { Needs } from '../needs.ts'
import { refuse } from '../problems.ts'
import { defineRoute, type PersonAccess, type Route } from '../route.ts'

const admins: PersonAccess = { who: 'person', power: 'administer', reach: 'provider' }
const ById = z.object({ id: z.string().max(64) })

type Rostering = Needs & { demandTeam(team: string): void; demandSpan(span: { from: number; until: number }): void }

export default function rosters(needs: Needs): Route[] {
  const { matrices, time } = needs
  const demandTeam = (team: string): void => {
    const known = Object.keys(matrices.rules.matrix.teams)
    if (known.includes(team)) return
    const message = `the matrix has no team "${team}"; it has ${known.join(', ')}`
    throw refuse('invalid-input', 'Check what you sent as team.', { errors: [{ field: 'team', message }] })
  }
  const demandSpan = ({ from, until }: { from: number; until: number }): void => {
    if (from < until && until > time.now()) return
    const message = 'expected an instant after `from` that is still to come'
    throw refuse('invalid-input', 'Check what you sent as until.', { errors: [{ field: 'until', message }] })
  }
  const rostering = { ...needs, demandTeam, demandSpan }
  return [
    ...teamRoutes(rostering),
    ...shiftRoutes(rostering),
    ...rotationRoutes(rostering),
    ...overrideRoutes(rostering),
    ...personRoutes(rostering),
  ]
}

function demandThere(isThere: boolean, what: string): void {
  if (!isThere) throw refuse('not-found', `There is no such ${what}.`)
}

function teamRoutes({ rosters }: Rostering): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/teams',
      summary: 'Who works and who is on call now',
      access: { who: 'person', power: null, reach: 'provider' },
      names: { 'query.siteId': 'site' },
      query: z.object({ siteId: z.string().max(64).optional() }),
      answer: TeamList,
      handle: async ({ query }) => ({ teams: await rosters.now(query.siteId ?? null) }),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/rosters',
      summary: 'What is planned: shifts, turns on call, who stands in, who is away; what everybody can do and leads',
      access: { who: 'person', power: null, reach: 'provider' },
      answer: RosterPlan,
      handle: () => rosters.plan(),
    }),
  ]
}

function shiftRoutes({ rosters, demandTeam }: Rostering): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/shifts',
      summary: 'Plan somebody’s week',
      access: admins,
      names: { 'body.personId': 'person' },
      action: 'shift.create',
      creates: 'thing',
      body: NewShift,
      answer: Made,
      status: 201,
      handle: async ({ body, by }) => {
        demandTeam(body.team)
        return { id: await rosters.addShift(body, by.record) }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/shifts/:shift',
      summary: 'Take a shift off the plan',
      access: admins,
      action: 'shift.remove',
      params: z.object({ shift: z.string().max(64) }),
      answer: z.void(),
      status: 204,
      handle: async ({ params, by }) => demandThere(await rosters.removeShift(params.shift, by.record), 'shift'),
    }),
  ]
}

function rotationRoutes({ rosters, demandTeam }: Rostering): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/rotations',
      summary: 'Let people take turns on call',
      access: admins,
      action: 'rotation.create',
      creates: 'thing',
      body: NewRotation,
      answer: Made,
      status: 201,
      handle: async ({ body: { people, ...body }, by }) => {
        demandTeam(body.team)
        const known = await by.view.people().select('id').where('id', 'in', people).execute()
        if (known.length < new Set(people).size) throw refuse('not-found', 'One of these people does not exist.')
        return { id: await rosters.addRotation({ ...body, personIds: people }, by.record) }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/rotations/:rotation',
      summary: 'End a rotation',
      access: admins,
      action: 'rotation.remove',
      params: z.object({ rotation: z.string().max(64) }),
      answer: z.void(),
      status: 204,
      handle: async ({ params, by }) => demandThere(await rosters.removeRotation(params.rotation, by.record), 'rotation'),
    }),
  ]
}

function overrideRoutes({ rosters, demandTeam, demandSpan }: Rostering): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/on-call-overrides',
      summary: 'Put somebody else on call for a while, for one site or everywhere',
      access: admins,
      names: { 'body.personId': 'person', 'body.siteId': 'site' },
      action: 'on-call.override',
      creates: 'thing',
      body: NewOverride,
      answer: Made,
      status: 201,
      handle: async ({ body, by }) => {
        demandTeam(body.team)
        demandSpan(body)
        return { id: await rosters.addOverride(body, by.record) }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/on-call-overrides/:override',
      summary: 'Let whoever has the turn be on call again',
      access: admins,
      action: 'on-call.override-end',
      params: z.object({ override: z.string().max(64) }),
      answer: z.void(),
      status: 204,
      handle: async ({ params, by }) => demandThere(await rosters.removeOverride(params.override, by.record), 'override'),
    }),
  ]
}

function personRoutes({ rosters, absences, demandTeam, demandSpan }: Rostering): Route[] {
  return [
    defineRoute({
      method: 'PATCH',
      path: '/api/people/:id',
      summary: 'Say what somebody can do, leads and takes on',
      access: admins,
      names: { 'params.id': 'person' },
      action: 'person.describe',
      params: ById,
      body: PersonWork,
      answer: z.void(),
      status: 204,
      handle: ({ params, body, by }) => {
        for (const team of body.leads) demandTeam(team)
        return rosters.describe(params.id, body, by.record)
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/people/:id/away',
      summary: 'Say that somebody is away; their tickets go back to their queues when it begins',
      access: { who: 'person', power: 'administer', reach: 'organisation' },
      names: { 'params.id': 'person' },
      action: 'person.away',
      creates: 'thing',
      params: ById,
      body: NewAbsence,
      answer: Made,
      status: 201,
      handle: async ({ params, body, by }) => {
        demandSpan(body)
        return { id: await absences.begin({ personId: params.id, ...body }, by.record) }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/people/:id/away',
      summary: 'Say that somebody is back',
      access: { who: 'person', power: 'administer', reach: 'organisation' },
      names: { 'params.id': 'person' },
      action: 'person.back',
      params: ById,
      answer: z.void(),
      status: 204,
      handle: async ({ params, by }) => demandThere(await absences.end(params.id, by.record), 'absence'),
    }),
  ]
}
