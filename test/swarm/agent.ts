import { v7 } from 'uuid'
import { columnsOf } from '#shared/domain/sample-columns.ts'
import type { Signal, StandingSignal } from '#shared/domain/signal.ts'
import { seconds } from '#shared/domain/time.ts'
import { agentCapabilities } from '#shared/protocol/capabilities.ts'
import { systemTime } from '../../agent/system-time.ts'
import { startWire, type Wire, type WireOptions } from '../../agent/wire/wire.ts'
import type { Pass } from './passes.ts'
import { sampleAt } from './readings.ts'

/** One machine of the swarm: the agent's own wire and spool, and a machine that is made up. */
export interface SwarmAgent {
  endpointId: string
  wire: Wire
  /** As many as one record holds, the last of them now. */
  sample(now: number, count: number, everyMs: number): Promise<number>
  /** A disk fills up, or, if it had, is emptied. */
  signal(now: number): Promise<number>
}

export interface SwarmAgentNeeds {
  pass: Pass
  ca: string
  collector: string
  spool: WireOptions['spool']
  log: WireOptions['log']
  random(): number
  onConnected(): void
}

const isolation = { actual: 'open', readiness: { isReady: false, reason: 'off (swarm)' }, since: 0 } as const
const lanes = ['security', 'signals'] as const

export function startSwarmAgent({ pass, ca, collector, spool, log, random, onConnected }: SwarmAgentNeeds): SwarmAgent {
  const credentials = { key: pass.key, certificate: pass.certificate, ca }
  const standing = new Map<string, StandingSignal>()
  const wire = startWire({
    ...{ spool, time: systemTime, log, random, version: '0.0.0-swarm', capabilities: [...agentCapabilities] },
    identity: { collector, credentials: async () => credentials, lookup: undefined },
    isolation: () => isolation,
    appendStanding: async () => {
      onConnected()
      for (const lane of lanes) {
        const signals = lane === 'signals' ? [...standing.values()] : []
        await spool.append(lane, { v: 1, type: 'standing', signals })
      }
    },
    onCommand: () => undefined,
    onWatch: () => undefined,
    onCollectorTime: () => undefined,
  })
  return {
    endpointId: pass.endpointId,
    wire,
    sample: (now, count, everyMs) => {
      const samples = Array.from({ length: count }, (_, index) => sampleAt(now - (count - 1 - index) * everyMs, random))
      const [columns] = columnsOf(samples)
      return columns ? spool.append('samples', { v: 1, type: 'sample-columns', samples: columns }) : Promise.resolve(0)
    },
    signal: (now) => {
      const { state, ...signal } = diskSignal(standing.has(diskFull) ? 'cleared' : 'raised', now)
      if (state === 'raised') standing.set(diskFull, signal)
      else standing.delete(diskFull)
      return spool.append('signals', { v: 1, type: 'signal', signal: { ...signal, state } })
    },
  }
}

const diskFull = 'disk-full:/srv'

function diskSignal(state: 'raised' | 'cleared', sensedAt: number): Signal {
  return {
    ...{ id: v7(), kind: 'health.disk.full', severity: 'medium', state, fingerprint: diskFull, about: '/srv' },
    ...{ summary: state === 'raised' ? '/srv is 93 % full' : '/srv has room again', detector: 'disk-full', sensedAt, evidence: [] },
    facts: { usedRatio: 0.93, freeBytes: 4_000_000_000, totalBytes: 60_000_000_000 },
  }
}

/** How long a swarm's agents may take to say goodbye. */
export const leaveWithinMs = seconds(20)
