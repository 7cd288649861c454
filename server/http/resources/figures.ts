import { FiguresAnswer, FiguresQuery } from '#shared/api/figures.ts'
import type { Needs } from '../needs.ts'
import { readTold } from '../reads/figures.ts'
import { defineReading, type Route } from '../route.ts'

export default function figures({ figuresOf, time }: Needs): Route[] {
  return [
    defineReading(
      '/api/figures',
      'How the desk did: response, same day, tier1, escalations, promises, work, by organisation, team or period',
      {
        names: { 'query.organisationId': 'organisation' },
        query: FiguresQuery,
        answer: FiguresAnswer,
        handle: async ({ query, by }) => figuresOf(await readTold(by.view, query), query, Math.min(time.now(), query.to)),
      },
    ),
  ]
}
