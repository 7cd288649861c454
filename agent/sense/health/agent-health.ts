import { hours, minutes } from '#shared/domain/time.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.agent.*: our own program on this machine. More than 5,000 signals wait for the collector (a machine that is loud
 * and can't be heard), three starts within an hour (it dies or is killed), or 150 MiB of memory, twice what it should have; and a log of Windows that it can't read.
 * Low: whoever looks after agents reads it in the digest. A detector that fails and a gap in what was sent are said by
 * themselves (system.detector.failed, and the wire's gaps).
 */
interface AboutAgent {
  waiting: number
  starts: readonly number[]
  memoryBytes: number
  /** Logs of Windows that can't be read, or not all of them. */
  unseen?: { channel: string; reason: string }[]
}

export default defineHealth({
  name: 'agent-health',
  platforms: ['linux', 'macos', 'windows'],
  every: minutes(5),
  runbook: 'Read the agent’s own log on that machine, and tell whoever looks after the agents.',
  start: null,
  async read(_, { settings }): Promise<AboutAgent | Unsupported> {
    const { agent } = settings
    if (!agent) return { unsupported: 'the rest of the agent is not here' }
    const unseen = settings.windowsEvents?.gaps().map(({ channel, reason }) => ({ channel, reason }))
    return { waiting: agent.waiting(), starts: agent.starts(), memoryBytes: agent.memoryBytes(), ...(unseen && { unseen }) }
  },
  decide(state, { waiting, starts, memoryBytes, unseen = [] }, { now, limits }) {
    const startsInAnHour = starts.filter((at) => at > now - hours(1)).length
    const memoryMib = Math.round(memoryBytes / 1_048_576)
    const facts = { waiting, startsInAnHour, memoryMib }
    const said = (what: string, summary: string) => ({
      kind: `health.agent.${what}`,
      severity: 'low' as const,
      about: 'agent',
      summary,
      facts,
    })
    const findings = [
      ...(waiting > limits.waitingCount ? [said('queue', `${waiting} signals of this machine wait for the collector`)] : []),
      ...(startsInAnHour > limits.restartsPerHourCount
        ? [said('restarts', `The agent was started ${startsInAnHour} times within an hour`)]
        : []),
      ...unseen.map(({ channel, reason }) => ({
        ...said('unseen', reason.slice(0, 500)),
        about: channel,
        facts: { log: channel, reason },
      })),
      ...(memoryMib > limits.memoryMib ? [said('memory', `The agent holds ${memoryMib} MiB of memory`)] : []),
    ]
    return { state, findings }
  },
})
