import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { z } from 'zod'
import type { CommandDetail } from '#shared/api/commands.ts'
import type { EndpointList, EnrolmentTokenMade } from '#shared/api/endpoints.ts'
import type { LiveEvent } from '#shared/api/live.ts'
import { type ApiClient, signIn } from '../support/api.ts'
import { onProcessor } from '../support/processors.ts'
import { top } from '../support/program.ts'
import { type Benchmark, type Figures, fsyncP50, percentile, rounded } from './benchmark.ts'

const sizes = { whole: 200, quick: 30 }
/** People click seldom: nothing of the one before is still under way. */
const betweenMs = 50

export default {
  says: 'from an operator’s click to the result of `ping` at their live channel, over HTTP, a collector and an agent of their own processes, idle, against one fsync',
  run: async ({ isQuick }) => {
    const folder = mkdtempSync(join(tmpdir(), 'tierline-bench-command-'))
    const children: ChildProcess[] = []
    try {
      const { person, endpointId } = await open(folder, children)
      return await measure(person, endpointId, isQuick ? sizes.quick : sizes.whole)
    } finally {
      for (const child of children.reverse()) child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  },
} satisfies Benchmark

async function open(folder: string, children: ChildProcess[]): Promise<{ person: ApiClient; endpointId: string }> {
  const script = join(top, 'test/support/collector-process.ts')
  const where = ['--data', join(folder, 'collector'), '--address', '127.0.0.1', '--port', '0', '--agents-port', '0']
  const [first = '', ...args] = [...onProcessor(1), process.execPath, script, ...where]
  const collector = spawn(first, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(collector)
  const [line] = (await once(createInterface({ input: collector.stdout }), 'line')) as [string]
  const {
    consoleUrl,
    socketPath,
    signIn: admin,
  } = JSON.parse(line) as { consoleUrl: string; socketPath: string; signIn: { login: string; password: string } }
  const person = await signIn(consoleUrl, admin.login, admin.password, socketPath)

  const program = join(top, 'bin/tierline-agent.mjs')
  const data = join(folder, 'agent')
  const { organisations } = await person.get<{ organisations: { id: string }[] }>('/api/organisations')
  const made = await person.post<z.infer<typeof EnrolmentTokenMade>>('/api/enrolment-tokens', {
    organisationId: organisations[0]?.id,
    role: 'workstation',
  })
  const enrolled = spawnSync(process.execPath, [program, 'enrol', '--data', data], { input: `${made.token}\n`, encoding: 'utf8' })
  if (enrolled.status !== 0) throw new Error(`the agent could not be enrolled: ${enrolled.stderr}`)
  const env = { ...process.env, TIERLINE_AGENT_LOG_LEVEL: 'error' }
  const [run = '', ...flags] = [
    ...onProcessor(0),
    process.execPath,
    program,
    'run',
    '--data',
    data,
    '--canaries',
    join(folder, 'documents'),
  ]
  children.push(spawn(run, flags, { stdio: ['pipe', 'pipe', 'inherit'], env }))
  for (;;) {
    const { endpoints } = await person.get<EndpointList>('/api/endpoints')
    const [endpoint] = endpoints
    if (endpoint?.isConnected) return { person, endpointId: endpoint.id }
    await sleep(100)
  }
}

interface Run {
  /** Asked and taken by the API. */
  accepted: number
  sent: number
  delivered: number
  settled: number
  /** The person's program has read the result. */
  shown: number
}

/** Each hint of the live channel is followed by a look, as the console does it; the one that finds the result ends the clock. */
async function measure(person: ApiClient, endpointId: string, count: number): Promise<Figures> {
  let hint: (id: string) => void = () => undefined
  const stop = await person.listen('/api/live', (event) => {
    const { topic, id } = event as LiveEvent
    if (topic === 'command') hint(id)
  })
  await sleep(2_000)
  const runs: Run[] = []
  for (let at = 0; at < count + warmUp; at += 1) {
    const run = await click(person, endpointId, (hear) => {
      hint = hear
    })
    if (at >= warmUp) runs.push(run)
    await sleep(betweenMs)
  }
  stop()
  return figuresOf(runs)
}

/** What V8 compiles, and what a first statement prepares, belongs to no click. */
const warmUp = 10

async function click(person: ApiClient, endpointId: string, onHint: (hear: (id: string) => void) => void): Promise<Run> {
  const { promise: shown, resolve, reject } = Promise.withResolvers<CommandDetail>()
  const hinted: string[] = []
  let asked: string | undefined
  const look = (id: string): void => {
    person.get<CommandDetail>(`/api/commands/${id}`).then((command) => command.settledAt !== null && resolve(command), reject)
  }
  onHint((id) => (asked === undefined ? hinted.push(id) : id === asked && look(id)))
  const clickedAt = performance.timeOrigin + performance.now()
  const { id } = await person.post<{ id: string }>(`/api/endpoints/${endpointId}/commands`, { verb: 'ping', reason: 'is it there?' })
  const accepted = performance.timeOrigin + performance.now()
  asked = id
  if (hinted.includes(id)) look(id)
  const command = await shown
  const after = (instant: number | null): number => (instant ?? Number.NaN) - clickedAt
  const { sentAt, deliveredAt, settledAt } = command
  return {
    ...{ accepted: accepted - clickedAt, sent: after(sentAt), delivered: after(deliveredAt), settled: after(settledAt) },
    shown: performance.timeOrigin + performance.now() - clickedAt,
  }
}

function figuresOf(runs: readonly Run[]): Figures {
  console.log('an operator’s click → result of ping (ms since the click, p50 and p99 of each step):')
  const of = (step: keyof Run, share: number): number =>
    percentile(
      runs.map((run) => run[step]).filter((value) => !Number.isNaN(value)),
      share,
    )
  for (const step of ['accepted', 'sent', 'delivered', 'settled', 'shown'] as const)
    console.log(`  ${step.padEnd(10)}${[0.5, 0.99].map((share) => of(step, share).toFixed(1).padStart(9)).join('')}`)
  const [p50, p99, yardstick] = [rounded(of('shown', 0.5), 1), rounded(of('shown', 0.99), 1), fsyncP50()]
  return { figure: p50, unit: 'ms', yardstick, ratio: rounded(p50 / yardstick, 1), p50, p99, runs: runs.length }
}
