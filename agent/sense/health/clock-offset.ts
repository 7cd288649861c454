import { minutes } from '#shared/domain/time.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth, easedBy } from '../define-health.ts'

/*
 * health.time.offset: this machine's clock is more than 60 s from the collector's for ten minutes. The community asks for
 * 50 ms of offset to a time server, which matters to clusters; a minute is where sign-ins (Kerberos: five) begin to fail
 * and logs can't be laid side by side. The collector says its time with each acknowledgement, so nobody else is asked. When
 * it is the collector's clock that is wrong, all machines say so, and that is one storm.
 */
const kind = 'health.time.offset'

export default defineHealth({
  name: 'clock-offset',
  platforms: ['linux', 'macos', 'windows'],
  every: minutes(1),
  runbook: 'See whether the clock is kept by a time service (timedatectl, w32tm /query /status) and whether that reaches its server.',
  start: null,
  async read(_, { settings }): Promise<number | Unsupported> {
    return settings.agent?.clockBehindMs() ?? { unsupported: 'the collector has not said its time yet' }
  },
  decide(state, behindMs, { limits, standing }) {
    const seconds = Math.round(Math.abs(behindMs) / 1_000)
    if (seconds <= easedBy(limits.offsetSeconds, 0.5, standing(kind, 'clock') !== undefined)) return { state, findings: [] }
    const direction = behindMs > 0 ? 'slow' : 'fast'
    const summary = `The clock of this machine is ${seconds} seconds ${direction}`
    return { state, findings: [{ kind, severity: 'medium', about: 'clock', summary, facts: { seconds, direction } }] }
  },
})
