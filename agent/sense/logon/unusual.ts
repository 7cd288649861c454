import type { Role } from '#shared/domain/endpoint.ts'
import { printable } from '#shared/domain/printable.ts'
import type { Probe } from '../../host/probe.ts'
import type { Happening } from '../../signal/signal.ts'
import { administratorsIn } from '../power/places.ts'
import type { Unusual } from './habits.ts'
import type { LogonLine } from './read-line.ts'

/** Row 11: info, and low where an administrator came to a server. */
export function unusualEvent(
  line: LogonLine,
  text: string,
  unusual: Unusual,
  isAdministrator: boolean,
  role: Role,
): Omit<Happening, 'detector'> {
  const kind = 'security.logon.unusual'
  const userName = line.userName ?? 'somebody'
  const what = [unusual.isNewSource ? 'from a new place' : '', unusual.isStrangeHour ? 'at an hour at which they never do' : '']
  return {
    kind,
    severity: isAdministrator && role !== 'workstation' ? 'low' : 'info',
    about: line.source,
    fingerprint: `${kind}:${userName.slice(0, 100)}:${line.source}`.slice(0, 300),
    summary: printable(`${userName.slice(0, 100)} signed in ${what.filter((each) => each !== '').join(', and ')}`),
    facts: {
      technique: 'T1078',
      source: line.source,
      userName: userName.slice(0, 100),
      program: line.program,
      isAdministrator,
      ...unusual,
    },
    evidence: [{ name: 'the line of the log', text: text.slice(0, 1_000) }],
  }
}

const maxBytes = 1_048_576

export async function isAdministrator(probe: Probe, userName: string): Promise<boolean> {
  const names = await Promise.all(
    ['/etc/passwd', '/etc/group'].map(async (path) => administratorsIn(path, (await probe.read(path, maxBytes))?.toString('utf8') ?? '')),
  )
  return names.flat().some((name) => (name.split(':').at(-1) ?? name) === userName)
}
