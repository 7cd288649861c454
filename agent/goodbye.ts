import type { GoodbyeReason } from '#shared/domain/endpoint.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import type { Host } from './host/host.ts'

/*
 * What the operating system asks of this process, and why. Enters: its signals. Leaves: the reason that the goodbye
 * will name. Promises: an answer within half a second, because whoever stops us waits for five. On failure (no init
 * system that can be asked, or none that answers in time): `stop`, which claims the least.
 */
export type ProcessSignals = Pick<NodeJS.Process, 'on' | 'platform'>

const askTimeoutMs = seconds(0.5)

/**
 * Resolves with the reason once somebody tells this process to end; told again, it doesn't go sooner (below npm one
 * Ctrl-C arrives twice). The package's upgrade script sends SIGUSR2.
 */
export function untilToldToGo(from: ProcessSignals, host: Pick<Host, 'run'>, time: Time): Promise<GoodbyeReason> {
  return new Promise((resolve) => {
    for (const person of ['SIGINT', 'SIGHUP'] as const) from.on(person, () => resolve('stop'))
    from.on('SIGTERM', () => void whyStopped(host, time).then(resolve))
    if (from.platform !== 'win32') from.on('SIGUSR2', () => resolve('update'))
  })
}

/** The machine goes to sleep: a unit that systemd starts before its sleep sends SIGUSR1. */
export function onFallingAsleep(from: ProcessSignals, sleep: () => void): void {
  if (from.platform !== 'win32') from.on('SIGUSR1', sleep)
}

/** SIGTERM itself doesn't say if the machine goes down or the agent alone; the init system that sent it knows. */
export async function whyStopped(host: Pick<Host, 'run'>, time: Time): Promise<GoodbyeReason> {
  const { promise: tooLate, resolve } = Promise.withResolvers<undefined>()
  const cancel = time.after(askTimeoutMs, () => resolve(undefined))
  const answers = Promise.all([
    ask(host, 'systemctl', ['list-jobs', '--full', '--plain', '--no-legend', '--no-pager']),
    ask(host, 'runlevel', []),
  ])
  const [jobs, runlevel] = (await Promise.race([answers, tooLate])) ?? []
  cancel()
  if (jobs !== undefined) return reasonInJobs(jobs)
  return runlevel === undefined ? 'stop' : reasonInRunlevel(runlevel)
}

/** undefined: it isn't there, or isn't what runs this machine. */
async function ask(host: Pick<Host, 'run'>, program: string, args: string[]): Promise<string | undefined> {
  const ended = await host.run(program, args, { timeoutMs: askTimeoutMs })
  return ended.kind === 'ended' && ended.code === 0 ? ended.stdout : undefined
}

const reasonByTarget: Record<string, GoodbyeReason> = {
  'reboot.target': 'reboot',
  'kexec.target': 'reboot',
  'soft-reboot.target': 'reboot',
  'poweroff.target': 'shutdown',
  'halt.target': 'shutdown',
}

/** Lines of `job unit type state`: while systemd takes a machine down, what it goes for waits among its jobs. */
function reasonInJobs(text: string): GoodbyeReason {
  const started = text.split('\n').flatMap((line) => /^\s*\d+\s+(\S+)\s+start\b/.exec(line)?.[1] ?? [])
  const reason = started.flatMap((unit) => reasonByTarget[unit] ?? [])[0]
  // shutdown.target is under way whatever comes after it.
  return reason ?? (started.includes('shutdown.target') ? 'shutdown' : 'stop')
}

/** `previous current`, as System V's init says it: 0 is halt, 6 is reboot. */
function reasonInRunlevel(text: string): GoodbyeReason {
  const current = text.trim().split(/\s+/)[1]
  if (current === '6') return 'reboot'
  return current === '0' ? 'shutdown' : 'stop'
}
