import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createProbe } from '../../../agent/host/probe.ts'
import { LogWatch } from '../../../agent/sense/defence/log-watch.ts'
import { changesBetween, eventOf } from '../../../agent/sense/power/compare.ts'
import { Snapshots } from '../../../agent/sense/power/snapshot.ts'
import { systemTime } from '../../../agent/system-time.ts'
import { silent } from './bench-machine.ts'

const data = join(import.meta.dirname, '../../../../shared/data/attacks')
const whyNot = whyNotHere()
if (whyNot) console.log(`not run here: attacks from outside in a namespace, because ${whyNot}`)

function whyNotHere(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'this isn’t root on Linux'
  return existsSync(data) ? undefined : '../shared/data is not there'
}

interface Attack {
  name: string
  supported_platforms: string[]
  input_arguments?: Record<string, { default: string | number }>
  executor: { name: string; command: string }
}

const attacksOf = (file: string): Attack[] => (parse(readFileSync(join(data, file), 'utf8')) as { atomic_tests: Attack[] }).atomic_tests

const commandOf = ({ executor, input_arguments = {} }: Attack): string =>
  executor.command.replace(/#\{(\w+)\}/g, (_, name: string) => String(input_arguments[name]?.default ?? ''))

/** What asks for another system, or for something that isn't on a plain Linux; and what leaves no trace but in its own shell. */
const leavesNothing = /sshpass|docker|^\s*pw |\bkubectl\b|\/home\/.*@|^\s*hostname\n/
const needsMore = (attack: Attack): boolean => !attack.supported_platforms.includes('linux') || leavesNothing.test(commandOf(attack))

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tierline-attacks-'))
  for (const folder of [
    'etc/cron.hourly',
    'etc/cron.daily',
    'etc/cron.weekly',
    'etc/cron.monthly',
    'etc/cron.d',
    'var/spool/cron/crontabs',
    'root',
  ])
    mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(join(root, 'root/.bash_history'), 'ls\n'.repeat(100))
  writeFileSync(join(root, 'root/.bashrc'), 'alias l=ls\n')
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n')
  for (const file of ['shadow', 'gshadow']) writeFileSync(join(root, 'etc', file), '')
})
afterEach(() => rmSync(root, { recursive: true }))

/** In a mount namespace of its own, where this machine's /etc, /var/spool (not every machine has a cron) and /root are the test's. */
function run(command: string, shell: string): void {
  const mounts = ['etc', 'var/spool', 'root'].map((path) => `mount --bind ${root}/${path} /${path}`).join(' && ')
  const script = `cp -a /etc/ld.so.cache /etc/nsswitch.conf /etc/login.defs ${root}/etc/ 2>/dev/null; ${mounts} && HOME=/root timeout 5 ${shell} -c "$0"`
  // Many of them end with an error behind what they have done, and that is what is looked at.
  spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script, command], { stdio: 'ignore', timeout: 8_000 })
}

async function classesOf(attack: Attack): Promise<string[]> {
  const probe = createProbe({ time: systemTime, log: silent })
  const [snapshots, logs] = [new Snapshots(probe, root), new LogWatch(probe, root)]
  const before = await snapshots.take()
  await logs.take(Date.now())
  run(commandOf(attack), attack.executor.name === 'bash' ? 'bash' : 'sh')
  const nobody = { facts: {}, isByPackages: false, isByOwnCommand: false }
  const power = changesBetween(before, await snapshots.take()).flatMap((change) => eventOf(change, nobody) ?? [])
  const cleared = await logs.take(Date.now())
  return [...power.map(({ kind, facts }) => `${kind} ${String(facts?.technique)}`), ...cleared.map(({ kind }) => `${kind} cleared`)]
}

describe.skipIf(whyNot)('an attack from outside, in a namespace', () => {
  const here = (file: string, isMeant: (command: string) => boolean) =>
    whyNot ? [] : attacksOf(file).filter((attack) => !needsMore(attack) && isMeant(commandOf(attack)))

  it.each(here('T1053.003.yaml', (command) => !/^crontab -l/.test(command)))('cron: $name', async (attack) => {
    const classes = await classesOf(attack)
    expect(classes).toContainEqual(expect.stringMatching(/^security\.persistence\.(new|dangerous) T1053\.003$/))
  })

  it.each(here('T1070.003.yaml', (command) => /\.bash_history|bashrc/.test(command)))('history: $name', async (attack) => {
    expect(await classesOf(attack)).toContainEqual(expect.stringMatching(/^history cleared$|^security\.persistence\.new T1546\.004$/))
  })

  it.each(here('T1136.001.yaml', (command) => /^useradd/.test(command)))('account: $name', async (attack) => {
    expect(await classesOf(attack)).toContainEqual(expect.stringMatching(/^security\.account\.(admin-)?added /))
  })
})
