import isolateHost from '#shared/commands/isolate-host.ts'
import { defineVerb } from '../verb.ts'

export default defineVerb({
  command: isolateHost,
  async run({ isolation, tellAbout }, { callWhom, language }, order) {
    tellAbout({ callWhom, language })
    const status = await isolation.isolate(order.id)
    const isRefused = status.actual === 'refused' || !status.readiness.isReady
    if (isRefused) return { outcome: 'refused', detail: status.readiness.reason ?? status.detail ?? 'not ready', isolation: status }
    if (status.actual !== 'isolated') return { outcome: 'failed', detail: status.detail ?? 'not proven', isolation: status }
    return { outcome: 'succeeded', detail: 'isolated, and proven', output: { ...status }, isolation: status }
  },
})
