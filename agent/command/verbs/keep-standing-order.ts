import keepStandingOrder from '#shared/commands/keep-standing-order.ts'
import { defineVerb } from '../verb.ts'

export default defineVerb({
  command: keepStandingOrder,
  async run({ standing }, { order, timeZone, pause }) {
    if (!standing) return { outcome: 'refused', detail: 'this agent keeps no standing orders' }
    const paused = pause && (await standing.pause(pause))
    if (order && paused?.outcome !== 'refused') return standing.take(order, timeZone)
    return paused ?? { outcome: 'succeeded', detail: 'what it may do by itself is known' }
  },
})
