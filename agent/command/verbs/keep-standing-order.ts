import keepStandingOrder from '#shared/commands/keep-standing-order.ts'
import { defineVerb } from '../verb.ts'

export default defineVerb({
  command: keepStandingOrder,
  async run({ standing }, { order, pause }) {
    if (!standing) return { outcome: 'refused', detail: 'this agent keeps no standing orders' }
    if (pause) await standing.pause(pause)
    return order ? standing.take(order) : { outcome: 'succeeded', detail: 'what it may do by itself is known' }
  },
})
