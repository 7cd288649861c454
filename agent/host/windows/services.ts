import type { Answer, UnitReading } from '../probe.ts'
import { isRefused, type ServiceEntry, type WindowsCalls } from './calls.ts'

/** Of winsvc.h. */
const stopped = 1
const running = 4
const ofOneUser = 0xc0
const automatic = 2
const neverStarted = 1_077
const serviceSpecific = 1_066

/** Windows starts them, they do what they are for, and end by themselves: that they are stopped says nothing. */
const endsByItself =
  /^(?:sppsvc|gupdatem?|googleupdater.*|edgeupdatem?|mapsbroker|clr_optimization_.*|wbiosrvc|tiledatamodelsvc|dbupdatem?|shellhwdetection|sysmain|remoteregistry|stisvc|cdpsvc|trustedinstaller|bits|wuauserv|usosvc|dosvc|gpsvc|ifxtpm.*|brave(?:m)?|sfx.*)$/i

const key = (name: string): string => `SYSTEM\\CurrentControlSet\\Services\\${name}`

/**
 * Services that Windows starts by itself and that are stopped though nothing starts and ends them by a trigger, and those of `listed` that
 * don't run. By numbers and by the name that has no language; a service of one person's session is theirs.
 */
export function servicesDown(
  calls: Pick<WindowsCalls, 'services' | 'number' | 'hasKey'>,
  listed: readonly string[],
): Answer<UnitReading[]> {
  const found = calls.services()
  if (isRefused(found)) return { kind: 'unsupported', reason: `Windows does not list its services (error ${found.refused})` }
  const wanted = new Map(listed.map((name) => [name.toLowerCase(), name]))
  const here = new Set(found.map(({ name }) => name.toLowerCase()))
  const missing = [...wanted].filter(([name]) => !here.has(name)).map(([, name]) => reading(name, 'not found', 'no such service', true))
  const down = found.flatMap((service) => {
    const isListed = wanted.has(service.name.toLowerCase())
    const isMissed = isListed ? service.state !== running : service.state === stopped && shouldRun(calls, service)
    return isMissed ? [reading(service.name, stateOf(service), detailOf(service), isListed)] : []
  })
  return { kind: 'known', value: [...down, ...missing].slice(0, 1_000) }
}

function shouldRun(calls: Pick<WindowsCalls, 'number' | 'hasKey'>, { name, type }: ServiceEntry): boolean {
  if ((type & ofOneUser) !== 0 || endsByItself.test(name)) return false
  return calls.number(key(name), 'Start') === automatic && !calls.hasKey(`${key(name)}\\TriggerInfo`)
}

const reading = (name: string, state: string, detail: string, isListed: boolean): UnitReading => ({ name, state, detail, isListed })

const stateOf = ({ state, exitCode }: ServiceEntry): string =>
  state === stopped && exitCode !== 0 && exitCode !== neverStarted ? 'failed' : (states[state] ?? 'unknown')
const states: Readonly<Record<number, string>> = {
  ...{ 1: 'stopped', 2: 'starting', 3: 'stopping', 4: 'running', 5: 'continuing', 6: 'pausing', 7: 'paused' },
}

function detailOf({ exitCode, specificExitCode }: ServiceEntry): string {
  if (exitCode === 0) return 'it ended without an error'
  if (exitCode === neverStarted) return 'it was not started since the machine was'
  return exitCode === serviceSpecific ? `its own error ${specificExitCode}` : `error ${exitCode} of Windows`
}

/** Which of `names` run; undefined where Windows lists none. */
export function runningOf(calls: Pick<WindowsCalls, 'services'>, names: ReadonlySet<string>): Map<string, boolean> | undefined {
  const found = calls.services()
  if (isRefused(found)) return undefined
  const there = found.filter(({ name }) => names.has(name.toLowerCase()))
  return new Map(there.map(({ name, state }) => [name.toLowerCase(), state === running]))
}
