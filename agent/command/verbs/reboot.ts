import reboot from '#shared/commands/reboot.ts'
import { defineVerb } from '../verb.ts'

const warning = 'Tierline restarts this machine: please save your work.'

export default defineVerb({
  command: reboot,
  async run({ host, isTrial }, { afterMinutes }) {
    if (isTrial) return { outcome: 'refused', detail: 'this is a trial on somebody’s own machine' }
    const asked = await host.run('shutdown', ['-r', `+${afterMinutes}`, warning], { timeoutMs: 10_000 })
    if (asked.kind === 'missing') return { outcome: 'refused', detail: 'this machine has no shutdown' }
    if (asked.kind === 'timed-out') return { outcome: 'failed', detail: 'shutdown did not answer' }
    if (asked.code !== 0) return { outcome: 'failed', detail: asked.stderr.trim() || `shutdown ended with code ${asked.code}` }
    return { outcome: 'succeeded', detail: `it restarts in ${afterMinutes} min`, output: { afterMinutes } }
  },
})
