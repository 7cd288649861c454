import ping from '#shared/commands/ping.ts'
import { defineVerb } from '../verb.ts'

export default defineVerb({
  command: ping,
  async run({ uptimeSeconds }) {
    return { outcome: 'succeeded', detail: 'it is here', output: { uptimeSeconds: await uptimeSeconds() } }
  },
})
