import { SourceSignal, SourceSignalTaken } from '#shared/api/administration.ts'
import type { Needs } from '../needs.ts'
import { defineRoute, type Route } from '../route.ts'

export default function signals({ ingest }: Needs): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/signals',
      summary: 'Hand in a signal from something that has no agent',
      access: { who: 'source' },
      action: null,
      creates: 'thing',
      body: SourceSignal,
      answer: SourceSignalTaken,
      // Committed; what becomes of it the pipeline decides.
      status: 202,
      handle: async ({ body, by }) => ({ id: await ingest.takeFromSource(by, body) }),
    }),
  ]
}
