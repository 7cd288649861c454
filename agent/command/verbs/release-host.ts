import releaseHost from '#shared/commands/release-host.ts'
import { defineVerb } from '../verb.ts'

export default defineVerb({
  command: releaseHost,
  async run({ isolation }, _args, order) {
    const status = await isolation.release(order.id)
    if (status.actual !== 'open') return { outcome: 'failed', detail: status.detail ?? 'not released', isolation: status }
    return { outcome: 'succeeded', detail: 'released; the rules are gone', output: { ...status }, isolation: status }
  },
})
