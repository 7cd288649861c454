import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { seconds } from '#shared/domain/time.ts'
import { writeDocuments } from '../scenario/stage/attack.ts'
import { openWorld, type World, whyNoWorld } from '../scenario/stage/world.ts'
import { top } from '../support/program.ts'
import { type Benchmark, type Figures, rounded } from './benchmark.ts'
import { type Account, accountOf, type Reading, readAccount } from './footprint/account.ts'
import { bundleAgent } from './footprint/bundle.ts'

/** The first minute is the start: rules are compiled, decoys planted, the inventory taken. */
const sizes = { whole: { settleMs: seconds(60), overMs: seconds(300) }, quick: { settleMs: seconds(10), overMs: seconds(20) } }
const ruleCount = 500
const everyMs = seconds(5)
/** What others run for the same; measured beside ours where one runs on this machine. */
const others = ['zabbix_agent2', 'meshagent', 'netdata', 'tacticalrmm', 'wazuh-agentd', 'osqueryd']

export default {
  says: 'private dirty memory, RSS and CPU a minute of the bundled agent, idle with everything on and 500 Sigma rules, against a bare Node with one socket (root, Linux)',
  run: async ({ isQuick }) => {
    const why = whyNoWorld()
    if (why) throw new Error(`The benchmark footprint can't run here: ${why}.`)
    const folder = mkdtempSync(join(tmpdir(), 'tierline-footprint-'))
    try {
      return await measure(await bundleAgent(folder), folder, isQuick ? sizes.quick : sizes.whole)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
} satisfies Benchmark

async function measure(program: string, folder: string, { settleMs, overMs }: typeof sizes.whole): Promise<Figures> {
  fillRules(join(folder, 'sense/sigma/rules'))
  const world = await openWorld(furnish, { program })
  const bare = startBare(world)
  try {
    await sleep(settleMs)
    const found = await watch({ agent: world.agent.pid(), bare: bare.pid ?? 0, ...(await othersHere()) }, overMs)
    for (const [name, account] of Object.entries(found)) tell(name, account)
    return figuresOf(found, overMs)
  } finally {
    bare.kill('SIGKILL')
    await world.close()
  }
}

/** Everything on, as a machine that people work at has it; only halting isn't, which would reach whatever else this machine does. */
function furnish(documents: string, agentData: string): void {
  writeDocuments(documents, 200)
  mkdirSync(agentData, { recursive: true })
  const log = join(agentData, '../auth.log')
  writeFileSync(log, '')
  writeFileSync(join(agentData, 'agent.json'), JSON.stringify({ authLogs: [log], services: ['ssh.service', 'cron.service'] }))
}

/** The community's for Linux, as often as it takes: each under an id of its own is a rule of its own. */
function fillRules(folder: string): void {
  const outside = join(top, '../shared/data/sigma-rules/linux')
  const texts = readdirSync(outside, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yml'))
    .map((name) => readFileSync(join(outside, name), 'utf8'))
  if (texts.length === 0) throw new Error('There are no Sigma rules in ../shared/data.')
  const missing = ruleCount - readdirSync(folder).length
  for (let nth = 0; nth < missing; nth += 1) {
    const text = texts[nth % texts.length] ?? ''
    writeFileSync(
      join(folder, `more-${nth}.yml`),
      text.replace(/^id: .*$/m, `id: 00000000-0000-4000-8000-${String(nth).padStart(12, '0')}`),
    )
  }
}

/** As small as a Node with one connection can be. */
function startBare({ machines }: World): ChildProcess {
  const script = join(top, 'test/support/peer.ts')
  return machines.endpoint.spawn(process.execPath, [script, 'hold', machines.neighbour.ipv4, '445'], { stdio: 'ignore' })
}

async function othersHere(): Promise<Record<string, number>> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const found = pids.flatMap((pid) => {
    const name = others.find((each) => each.startsWith(nameOf(pid)) && nameOf(pid) !== '')
    return name === undefined ? [] : [[name, Number(pid)] as const]
  })
  return Object.fromEntries(found)
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}

/** Every few seconds until the time is over. */
async function watch(pids: Readonly<Record<string, number>>, overMs: number): Promise<Record<string, Account>> {
  const readings = new Map<string, Reading[]>(Object.keys(pids).map((name) => [name, []]))
  const endsAt = performance.now() + overMs
  for (;;) {
    for (const [name, pid] of Object.entries(pids)) readings.get(name)?.push(readAccount(pid))
    if (performance.now() >= endsAt) break
    await sleep(Math.min(everyMs, Math.max(0, endsAt - performance.now())))
  }
  return Object.fromEntries([...readings].map(([name, all]) => [name, accountOf(all)]))
}

function tell(name: string, { privateDirtyMiB, rssMiB, cpuMsPerMinute, children }: Account): void {
  const own = `${privateDirtyMiB} MiB private dirty, ${rssMiB} MiB RSS, ${cpuMsPerMinute} ms a minute`
  const theirs =
    children.count === 0 ? '' : `; its ${children.count} children ${children.privateDirtyMiB} MiB, ${children.cpuMsPerMinute} ms a minute`
  console.log(`  ${name.padEnd(14)} ${own}${theirs}`)
}

function figuresOf({ agent, bare }: Record<string, Account>, overMs: number): Figures {
  if (!agent || !bare) throw new Error('nothing was measured')
  const { privateDirtyMiB, rssMiB, cpuMsPerMinute, children } = agent
  const yardstick = bare.privateDirtyMiB
  return {
    ...{ figure: privateDirtyMiB, unit: 'MiB private dirty, the highest', yardstick, ratio: rounded(privateDirtyMiB / yardstick) },
    ...{ privateDirtyMiB, rssMiB, cpuMsPerMinute, childrenMiB: children.privateDirtyMiB, childrenCpuMsPerMinute: children.cpuMsPerMinute },
    ...{ bareRssMiB: bare.rssMiB, bareCpuMsPerMinute: bare.cpuMsPerMinute, rules: ruleCount, seconds: overMs / 1_000 },
  }
}
