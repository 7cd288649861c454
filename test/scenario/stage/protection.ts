import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createHost, type Host } from '../../../agent/host/host.ts'
import { systemTime } from '../../../agent/system-time.ts'
import { orderFor, tryCommand } from './forged-order.ts'
import type { Attempt } from './forgeries.ts'
import type { HostileCollector } from './hostile-collector.ts'

/*
 * What protects, with arguments: the collector's own key halts what the agent's own journal accuses and nothing else, restarts what the
 * machine lists and nothing else, and has nobody outside of its own network asked. What is checked is what happened, not what was said.
 */

interface Child {
  pid: number
  startTicks: number
}

/** Two processes of this scenario's own: one that the agent's journal accuses, and one that nobody does. */
export interface Accused {
  accused: Child
  other: Child
  end(): void
}

/** Before the agent begins, so that it finds the accusation where it keeps its own. */
export function haltable(agentData: string): Accused {
  const children = [0, 1].map(() => spawn('sleep', ['600'], { stdio: 'ignore' }))
  const [accused, other] = children.map(({ pid = 0 }) => ({ pid, startTicks: Number(statOf(pid)[19]) }))
  if (!accused || !other) throw new Error('no process could be started')
  const accusations = [{ top: accused, suspended: [], why: 'the scenario says so', at: Date.now() }]
  writeFileSync(join(agentData, 'accusations.json'), JSON.stringify({ v: 1, accusations }), { mode: 0o600 })
  return { accused, other, end: () => children.forEach((child) => void child.kill('SIGKILL')) }
}

/** From its state on, proc(5). */
const statOf = (pid: number): string[] => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
const isHalted = ({ pid }: Child): boolean => statOf(pid)[0] === 'T'

/** The machine's own programs, but for systemctl, which only remembers what it was asked to restart. */
export function systemctlAlone(): { host: Host; restarted: string[] } {
  const own = createHost(systemTime)
  const restarted: string[] = []
  const run: Host['run'] = async (program, args, options) => {
    if (program !== 'systemctl') return own.run(program, args, options)
    if (args[0] === 'restart') restarted.push(args.at(-1) ?? '')
    return { kind: 'ended', code: 0, stdout: 'active\n', stderr: '' }
  }
  return { host: { ...own, run }, restarted }
}

interface About {
  hostile: HostileCollector
  agent: { endpointId: string }
  accused: Accused
  systemctl: { restarted: string[] }
}

export function ofProtection({ hostile, agent, accused: { accused, other }, systemctl }: About): Attempt[] {
  const order = async (verb: string, args: object): Promise<string> =>
    (await tryCommand(hostile, orderFor(agent, { verb, args: { ...args } }), (signed) => hostile.sign(signed))).said
  const attempt = (says: string, shallRun: boolean, act: () => Promise<string>, hasHappened: () => boolean): Attempt => ({
    ...{ says: `${says}, signed by the collector’s own key`, shallRun },
    try: async () => {
      const said = await act()
      return { said, hasRun: hasHappened() }
    },
  })
  const beyond = { endpointId: 'e', name: 'somebody', places: [{ address: '203.0.113.7', mac: '02:00:00:00:00:01' }] }
  let asked = ''
  return [
    attempt(
      'suspend-process of what the agent accuses',
      true,
      () => order('suspend-process', accused),
      () => isHalted(accused),
    ),
    attempt(
      'suspend-process of what nobody accuses',
      false,
      () => order('suspend-process', other),
      () => isHalted(other),
    ),
    attempt(
      'stop-process of what the agent accuses',
      false,
      () => order('stop-process', accused),
      () => statOf(accused.pid)[0] !== 'T',
    ),
    attempt(
      'resume-process of what the agent accuses',
      true,
      () => order('resume-process', accused),
      () => !isHalted(accused),
    ),
    attempt(
      'restart-service of a listed one',
      true,
      () => order('restart-service', { unit: 'listed.service' }),
      () => systemctl.restarted.includes('listed.service'),
    ),
    attempt(
      'restart-service of another',
      false,
      () => order('restart-service', { unit: 'ssh.service' }),
      () => systemctl.restarted.includes('ssh.service'),
    ),
    attempt(
      'reach-neighbour beyond its own network',
      false,
      async () => {
        asked = await order('reach-neighbour', beyond)
        return asked
      },
      () => !asked.startsWith('refused'),
    ),
  ]
}
