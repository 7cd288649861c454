import { minutes } from '#shared/domain/time.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth } from '../define-health.ts'

/*
 * network.path.dns: the name servers this machine is told to ask take more than a second, or don't answer, for five
 * minutes. Asked is for the root's servers, which each resolver knows by heart, so nobody else's slowness is measured. Low:
 * of one machine it is a line; the collector makes a site of it. The community has no rule for it on hosts.
 */
const kind = 'network.path.dns'

export default defineHealth({
  name: 'dns-slow',
  platforms: ['linux', 'macos', 'windows'],
  every: minutes(1),
  runbook: 'Ask the name server by hand (dig @SERVER . NS), see whether it is there, and which one this machine should ask.',
  start: { hasAnswered: false },
  async read({ vitals }, { settings }): Promise<{ answerMs: number | null } | Unsupported> {
    if (settings.agent?.isCutOff()) return { unsupported: 'this machine is cut off' }
    return { answerMs: (await vitals.resolverMs()) ?? null }
  },
  decide(before, { answerMs }, { limits, standing }) {
    const state = { hasAnswered: before.hasAnswered || answerMs !== null }
    // Networks without name servers exist; what has never answered is not missed.
    if (!state.hasAnswered) return { state, findings: undefined }
    const limit = limits.answerMs / (standing(kind, 'dns') ? 2 : 1)
    if (answerMs !== null && answerMs <= limit) return { state, findings: [] }
    const summary = answerMs === null ? 'The name servers of this machine do not answer' : `The name servers take ${answerMs} ms to answer`
    return { state, findings: [{ kind, severity: 'low', about: 'dns', summary, facts: { answerMs } }] }
  },
})
