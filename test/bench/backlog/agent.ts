import { join } from 'node:path'
import { pino } from 'pino'
import { v7 } from 'uuid'
import { agentCapabilities } from '#shared/protocol/capabilities.ts'
import type { RecordBody } from '#shared/protocol/record.ts'
import { openIdentity } from '../../../agent/identity/identity.ts'
import { type DurableSpool, openSpool } from '../../../agent/spool/spool.ts'
import { systemTime } from '../../../agent/system-time.ts'
import { startWire } from '../../../agent/wire/wire.ts'
import { rssMiB } from '../ingest/process-figures.ts'
import { spoolMaxBytes } from './fill.ts'

/*
 * A process of its own: the identity, spool and wire of the enrolled agent in argv[2]. Something happens to it while it
 * is away; then it dials. Prints as one JSON line how long that took to be acknowledged, and is gone, as after a kill.
 */
export interface Reconnection {
  openMs: number
  /** From the dial to the acknowledgement. */
  acknowledgedMs: number
  /** Frames of samples that were sent before it. */
  sampleFramesBefore: number
  rssMiB: number
}

const [dataDir = ''] = process.argv.slice(2)
const log = pino({ level: 'warn' }, process.stderr)
const identity = await openIdentity({ dataDir, time: systemTime, log })
const openedAt = performance.now()
const spool = await openSpool({
  ...{ dir: join(dataDir, 'spool'), maxBytes: spoolMaxBytes, endpointId: identity.endpointId, time: systemTime, log },
})
const openMs = performance.now() - openedAt
const seq = await spool.append('security', attack())

let dialledAt = 0
let sampleFramesBefore = 0
tell(spool)
startWire({
  ...{ spool, time: systemTime, log, version: '0.0.0-bench', capabilities: [...agentCapabilities] },
  identity: {
    collector: identity.collector,
    lookup: identity.lookup,
    credentials: () => {
      dialledAt = performance.now()
      return identity.credentials()
    },
  },
  isolation: () => ({ actual: 'open', readiness: { isReady: false, reason: 'off (benchmark)' }, since: 0 }),
  appendStanding: async () => {
    for (const lane of ['security', 'signals'] as const) await spool.append(lane, { v: 1, type: 'standing', signals: [] })
  },
  onCommand: () => undefined,
  onWatch: () => undefined,
  onCollectorTime: () => undefined,
})

/** The wire tells the spool of all that it sends, and of all that is acknowledged. */
function tell(watched: DurableSpool): void {
  const acknowledge = watched.acknowledge.bind(watched)
  const noteSent = watched.noteSent.bind(watched)
  watched.noteSent = (lane, sent) => {
    if (lane === 'samples') sampleFramesBefore += 1
    noteSent(lane, sent)
  }
  watched.acknowledge = (lane, acknowledged) => {
    acknowledge(lane, acknowledged)
    if (lane === 'security' && acknowledged >= seq) report(performance.now() - dialledAt)
  }
}

function report(acknowledgedMs: number): never {
  const reconnection: Reconnection = { openMs, acknowledgedMs, sampleFramesBefore, rssMiB: rssMiB(process.pid) }
  process.stdout.write(`${JSON.stringify(reconnection)}\n`, () => process.exit(0))
  return undefined as never
}

function attack(): RecordBody {
  const about = '/srv/files/a decoy'
  const what = {
    kind: 'security.ransomware.canary',
    severity: 'critical',
    state: 'happened',
    fingerprint: `canary:${about}`,
    about,
  } as const
  const said = { summary: 'A decoy was rewritten', facts: {}, evidence: [], sensedAt: Date.now(), detector: 'ransomware-canary' }
  return { v: 1, type: 'signal', signal: { id: v7(), ...what, ...said } }
}
