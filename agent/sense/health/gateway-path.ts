import { seconds } from '#shared/domain/time.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth, rounded } from '../define-health.ts'
import { defaultGateway } from '../network/gateway.ts'

/*
 * network.path.loss and .delay: more than 5 % of knocks at the gateway go unanswered, or half of them take over half a second, for five
 * minutes. A knock is a connection to a port where nothing listens: the refusal is the answer, so no program is started
 * and no raw socket is needed. A gateway that has never answered, because it drops such knocks, is not judged. Low: of
 * one machine it is a line; the collector makes a site of it. The community has no rule for it. Not judged while this
 * machine is cut off.
 */
const each = 5
const window = 10

interface Knocks {
  gateway: string
  hasAnswered: boolean
  rounds: { sent: number; answeredMs: number[] }[]
}

export default defineHealth({
  name: 'gateway-path',
  platforms: ['linux'],
  every: seconds(30),
  runbook: 'See whether other machines of the site have it too; if not, look at this one’s cable or WLAN, else at the gateway.',
  start: { gateway: '', hasAnswered: false, rounds: [] } as Knocks,
  async read({ vitals }, { settings }): Promise<{ gateway: string; sent: number; answeredMs: number[] } | Unsupported> {
    if (settings.agent?.isCutOff()) return { unsupported: 'this machine is cut off' }
    const gateway = defaultGateway((await vitals.kernel('/proc/net/route')) ?? '')?.address
    if (gateway === undefined) return { unsupported: 'there is no gateway here' }
    const answers = await Promise.all(Array.from({ length: each }, () => vitals.knock(gateway)))
    return { gateway, sent: each, answeredMs: answers.filter((ms) => ms !== undefined) }
  },
  decide(before, { gateway, sent, answeredMs }, { limits, standing }) {
    const known = before.gateway === gateway ? before : { hasAnswered: false, rounds: [] }
    const hasAnswered = known.hasAnswered || answeredMs.length > 0
    const rounds = [...known.rounds, { sent, answeredMs }].slice(-window)
    const state = { gateway, hasAnswered, rounds }
    if (!hasAnswered || rounds.length < window) return { state, findings: undefined }
    const all = rounds.flatMap((round) => round.answeredMs).sort((a, b) => a - b)
    const total = rounds.reduce((sum, round) => sum + round.sent, 0)
    const lossPercent = rounded(((total - all.length) / total) * 100, 1)
    const medianMs = Math.round(all[Math.floor(all.length / 2)] ?? 0)
    const facts = { gateway, lossPercent, medianMs }
    const said = (kind: string, summary: string) => ({ kind, severity: 'low' as const, about: gateway, summary, facts })
    const isLossy = lossPercent > limits.lossPercent - (standing('network.path.loss', gateway) ? 2 : 0)
    const isSlow = medianMs > limits.delayMs - (standing('network.path.delay', gateway) ? limits.delayMs / 4 : 0)
    const findings = [
      ...(isLossy ? [said('network.path.loss', `${lossPercent} % of what is sent to the gateway ${gateway} is lost`)] : []),
      ...(isSlow ? [said('network.path.delay', `The gateway ${gateway} takes ${medianMs} ms to answer`)] : []),
    ]
    return { state, findings }
  },
})
