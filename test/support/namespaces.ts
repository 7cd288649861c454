import { type ChildProcess, execFileSync, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { onProcessor } from './processors.ts'

/*
 * Machines of our own on a network of our own: one network namespace each, all on one switch, reachable by IPv4 and
 * IPv6, and nothing of it touches this machine's network. Names hold this process's id, so that whatever ends it
 * (an exception, Ctrl-C, even SIGKILL: the next run sweeps) leaves nothing behind.
 */

export interface Machine {
  name: string
  ipv4: string
  ipv6: string
  /** Runs a program on it. The child is the program itself, so its pid and signals are. */
  spawn(program: string, args: readonly string[], options?: SpawnOptions): ChildProcess
  /** Runs a program on it to its end. */
  run(program: string, args: readonly string[], input?: string): { code: number; stdout: string; stderr: string }
}

export interface Network<Name extends string> {
  machines: Record<Name, Machine>
  /** Runs a program on the switch, given the device that leads to this machine; what it sees there has left the machine, or will reach it. */
  tap(name: Name, program: string, args: (device: string) => string[], options?: SpawnOptions): ChildProcess
  /** Ends what runs there and takes everything away. Again is fine. */
  close(): void
}

/** One line why namespaces can't be had here, or undefined when they can. */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces need Linux'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  for (const [program, owner] of [
    ['ip', 'iproute2'],
    ['nft', 'nftables'],
  ] as const)
    if (spawnSync(program, ['-V']).error) return `${program} was not found; install the package ${owner}`
  if (spawnSync('unshare', ['--net', 'true']).status !== 0) return 'this kernel or container refuses new network namespaces'
  return undefined
}

const prefix = 'tierline-test'

/** @param processors on which alone a machine's programs run, by its name; where absent, on any. */
export function openNetwork<Name extends string>(names: readonly Name[], processors: Partial<Record<Name, number>> = {}): Network<Name> {
  sweep()
  const run = `${prefix}-${process.pid}-${randomBytes(3).toString('hex')}`
  const namespaceOf = (name: string): string => `${run}-${name}`
  const all = [namespaceOf('switch'), ...names.map(namespaceOf)]
  const close = once(() => {
    process.off('exit', close)
    for (const [signal, handler] of handlers) process.off(signal, handler)
    for (const namespace of all) remove(namespace)
  })
  const end = (code: number) => (): void => {
    close()
    process.exit(code)
  }
  const handlers = endings.map(([signal, code]) => [signal, end(code)] as const)
  process.on('exit', close)
  for (const [signal, handler] of handlers) process.on(signal, handler)
  try {
    ip(setUp(namespaceOf('switch'), names.map(namespaceOf)))
  } catch (error) {
    close()
    throw error
  }
  const machines = Object.fromEntries(names.map((name, at) => [name, machineIn(namespaceOf(name), name, at, processors[name])])) as Record<
    Name,
    Machine
  >
  return {
    machines,
    close,
    tap: (name, program, args, options = {}) =>
      spawn('ip', ['netns', 'exec', namespaceOf('switch'), program, ...args(`port${names.indexOf(name)}`)], options),
  }
}

/** Signals that end a process unasked, with the exit codes a shell would see. */
const endings = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const

const ipv4Of = (at: number): string => `10.231.77.${at + 1}`
const ipv6Of = (at: number): string => `fd31:77::${(at + 1).toString(16)}`

function setUp(bridge: string, namespaces: readonly string[]): string {
  const cables = namespaces.flatMap((namespace, at) => [
    `netns add ${namespace}`,
    `-n ${bridge} link add port${at} type veth peer name eth0 netns ${namespace}`,
    `-n ${bridge} link set port${at} master bridge0 up`,
    `-n ${namespace} link set lo up`,
    `-n ${namespace} addr add ${ipv4Of(at)}/24 dev eth0`,
    `-n ${namespace} addr add ${ipv6Of(at)}/64 dev eth0 nodad`,
    `-n ${namespace} link set eth0 up`,
  ])
  return [`netns add ${bridge}`, `-n ${bridge} link add bridge0 type bridge`, `-n ${bridge} link set bridge0 up`, ...cables].join('\n')
}

function machineIn(namespace: string, name: string, at: number, processor?: number): Machine {
  const within = (program: string, args: readonly string[]): string[] => [
    'netns',
    'exec',
    namespace,
    ...onProcessor(processor),
    program,
    ...args,
  ]
  return {
    name,
    ipv4: ipv4Of(at),
    ipv6: ipv6Of(at),
    spawn: (program, args, options = {}) => spawn('ip', within(program, args), options),
    run: (program, args, input = '') => {
      const { status, stdout, stderr } = spawnSync('ip', within(program, args), { input, encoding: 'utf8' })
      return { code: status ?? -1, stdout, stderr }
    },
  }
}

/** One command a line, each as one would type it after `ip`. */
function ip(lines: string): void {
  for (const line of lines.split('\n')) execFileSync('ip', line.split(' '), { stdio: ['ignore', 'ignore', 'pipe'] })
}

function remove(namespace: string): void {
  const pids = spawnSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' }).stdout?.match(/\d+/g) ?? []
  for (const pid of pids) spawnSync('kill', ['-KILL', pid])
  spawnSync('ip', ['netns', 'del', namespace])
}

/** What a run that was killed could not take away itself. */
function sweep(): void {
  const list = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout ?? ''
  for (const [namespace, pid] of list.matchAll(new RegExp(`^${prefix}-(\\d+)-\\S+`, 'gm'))) if (!isAlive(Number(pid))) remove(namespace)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function once(run: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    run()
  }
}
