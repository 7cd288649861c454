import { z } from 'zod'
import { signedIn } from '../guard.ts'
import type { Needs } from '../needs.ts'
import { defineRoute, type Route } from '../route.ts'

export default function live({ people, personOf, streams, watches }: Needs): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/live',
      summary: 'Server-sent events: hints that something changed, each a LiveEvent',
      access: { who: 'person', power: null, reach: 'organisation' },
      names: { 'query.watch': 'endpoint' },
      query: z.object({ watch: z.string().max(64).optional() }),
      answer: z.string().describe('text/event-stream'),
      handle: async ({ query, by, request, reply }) => {
        streams.open(reply, {
          personId: by.caller.personId,
          scope: by.caller.scope,
          stillMay: async () => (await signedIn(people, personOf, request))?.caller.scope,
          begin: () => (query.watch === undefined ? () => undefined : watches.begin(query.watch)),
        })
        return ''
      },
    }),
  ]
}
