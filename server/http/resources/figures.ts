import { FiguresAnswer, FiguresQuery } from '#shared/api/figures.ts'
import type { Needs } from '../needs.ts'
import { readTold } from '../reads/figures.ts'
import { defineRoute, type Route } from '../route.ts'

export default function figures({ figuresOf, time }: Needs): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/figures',
      summary: 'How the desk did: response, same day, tier1, escalations, promises, work, by organisation, team or period',
      access: { who: 'person', power: null, reach: 'organisation' },
      names: { 'query.organisationId': 'organisation' },
      query: FiguresQuery,
      answer: FiguresAnswer,
      handle: async ({ query, by }) => figuresOf(await readTold(by.view, query), query, Math.min(time.now(), query.to)),
    }),
  ]
}
