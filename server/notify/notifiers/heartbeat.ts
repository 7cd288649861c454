import { z } from 'zod'
import { defineNotifier } from '../notifier.ts'

/**
 * Says to an outside address, each minute, that the collector lives; whoever watches there notices when it stops. It hears
 * of no ticket: heartbeats.ts calls it.
 */
export default defineNotifier({
  name: 'heartbeat',
  settings: z.strictObject({ url: z.url({ protocol: /^https?$/ }) }),
  deliver: ({ createdAt }, { url }, { post, stop }) =>
    post(url, { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ at: new Date(createdAt).toISOString() }) }, stop),
})
