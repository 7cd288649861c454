import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { Fault } from '#shared/domain/fault.ts'
import type { Time } from '#shared/domain/time.ts'
import { type Agent, startAgent } from '../../agent/app.ts'
import { type AgentConfig, loadConfig } from '../../agent/config.ts'
import type { Host } from '../../agent/host/host.ts'
import type { Probe } from '../../agent/host/probe.ts'
import { enrol } from '../../agent/identity/enrol.ts'
import { hasIdentity, readIdentity } from '../../agent/identity/files.ts'
import { type Detector, defineDetector, type Say } from '../../agent/sense/define-detector.ts'
import { systemTime } from '../../agent/system-time.ts'
import { FakeMachine } from './fake-machine.ts'

export interface TestAgentOptions {
  /** Where it lives; a folder of its own when absent. One that is enrolled already needs no token. */
  dataDir?: string
  token?: string
  hostname?: string
  config?: Partial<AgentConfig>
  /** A machine that shows nothing remarkable, when absent. */
  probe?: Probe
  host?: Host
  detectors?: readonly Detector[]
  log?: Logger
  time?: Time
}

export interface TestAgent extends Agent {
  dataDir: string
  endpointId: string
}

export const agentFolder = (): string => mkdtempSync(join(tmpdir(), 'tierline-agent-'))

/** Spends the token. @throws Fault with the code of a refusal. */
export async function enrolTestAgent(token: string, dataDir: string, hostname = 'pc-1'): Promise<void> {
  const outcome = await enrol({ token, dataDir, hostname, platform: 'linux' })
  if (outcome.kind === 'refused') throw new Fault(outcome.code, outcome.message)
}

/** A real agent in this process, over real sockets; it never isolates unless `config` says so. */
export async function startTestAgent(options: TestAgentOptions): Promise<TestAgent> {
  const {
    dataDir = agentFolder(),
    token,
    hostname,
    probe = new FakeMachine(),
    host,
    detectors,
    log = pino({ level: 'silent' }),
    time = systemTime,
  } = options
  if (token !== undefined && !hasIdentity(dataDir)) await enrolTestAgent(token, dataDir, hostname)
  const config = { ...loadConfig({ data: dataDir }, {}), isolation: { isAllowed: false, reason: 'off (test)' }, ...options.config }
  const surroundings = { time, log, probe, ...(host && { host }), ...(detectors && { detectors }) }
  const agent = await startAgent(config, surroundings)
  return { ...agent, dataDir, endpointId: readIdentity(dataDir).pinned.endpointId }
}

/** A detector that sees exactly what a test says. */
export function toldDetector(): { detector: Detector; say: Say } {
  const { promise: watching, resolve } = Promise.withResolvers<Say>()
  const detector = defineDetector({
    name: 'told',
    platforms: ['linux', 'macos', 'windows'],
    async watch(_probe, say) {
      resolve(say)
      return { stop: async () => undefined }
    },
  })
  return { detector, say: async (event) => (await watching)(event) }
}
