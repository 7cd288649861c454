import { StopList, StopPress, StopPressed } from '#shared/api/rosters.ts'
import type { Needs } from '../needs.ts'
import { readStops } from '../reads/stops.ts'
import { defineReading, defineRoute, type Route } from '../route.ts'
import { actorIn } from './tickets.ts'

export default function stop({ stop, time }: Needs): Route[] {
  return [
    defineReading('/api/containment/stops', 'Where nothing is isolated without a person now: who said so, until when', {
      answer: StopList,
      handle: ({ by }) => readStops(by.view, time.now()),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/containment/stop',
      summary: 'For four hours isolate nothing without a person',
      access: { who: 'person', power: 'answer-ask', reach: 'organisation' },
      names: { 'body.organisationId': 'organisation' },
      action: 'containment.stop',
      body: StopPress,
      answer: StopPressed,
      handle: async ({ body, by }) => ({ until: await stop.press(body.organisationId, actorIn(by)) }),
    }),
  ]
}
