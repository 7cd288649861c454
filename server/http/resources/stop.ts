import { StopPress, StopPressed } from '#shared/api/rosters.ts'
import type { Needs } from '../needs.ts'
import { defineRoute, type Route } from '../route.ts'

export default function stop({ stop }: Needs): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/containment/stop',
      summary: 'For four hours isolate nothing without a person',
      access: { who: 'person', power: 'answer-ask', reach: 'organisation' },
      names: { 'body.organisationId': 'organisation' },
      action: 'containment.stop',
      body: StopPress,
      answer: StopPressed,
      handle: async ({ body }) => ({ until: await stop.press(body.organisationId) }),
    }),
  ]
}
