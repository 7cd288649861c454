import { printable } from '#shared/domain/printable.ts'
import { normalise } from '#shared/sigma/normalise.ts'
import { isOf, type WindowsEvent } from '../windows/events.ts'
import { localSource, normalised } from './address.ts'
import type { LogonLine } from './read-line.ts'

/** Windows Security events by number and field, never by text, which is in the language of the system. */
const witnesses = new Map<number, { witness: string; outcome: LogonLine['outcome']; isFailure?: (status: string) => boolean }>([
  [4624, { witness: 'logon', outcome: 'accepted' }],
  [4625, { witness: 'logon', outcome: 'failed' }],
  // On a domain controller: a ticket refused, its password wrong, an NTLM check.
  [4768, { witness: 'kerberos', outcome: 'failed', isFailure: (status) => status !== '0x0' }],
  [4771, { witness: 'kerberos', outcome: 'failed' }],
  [4776, { witness: 'ntlm', outcome: 'failed', isFailure: (status) => status !== '0x0' }],
])

/** Interactive, network, unlocking, clear text, remote desktop, cached. Services and jobs (4, 5) are nobody who tries. */
const personalTypes = new Set(['2', '3', '7', '8', '10', '11'])
const nobody = /^(?:-|SYSTEM|ANONYMOUS LOGON|LOCAL SERVICE|NETWORK SERVICE|DWM-\d+|UMFD-\d+|.*\$)?$/i

/** @param raw an event as JSON of its XML or flat; undefined for whatever is about something else. */
export function readWindowsLogon(raw: unknown): LogonLine | undefined {
  const { view } = normalise(raw)
  return logonOf((name) => view.values(name)[0]?.text ?? '')
}

function logonOf(field: (name: string) => string): LogonLine | undefined {
  const known = witnesses.get(Number(field('EventID')))
  if (!known || field('Channel') !== 'Security' || known.isFailure?.(field('Status').toLowerCase()) === false) return undefined
  const type = field('LogonType')
  const userName = field('TargetUserName')
  if ((type !== '' && !personalTypes.has(type)) || nobody.test(userName)) return undefined
  const address = [field('IpAddress'), field('Workstation'), field('WorkstationName')].find((each) => each !== '' && each !== '-')
  return {
    ...{ outcome: known.outcome, witness: known.witness, userName, count: 1, connection: undefined },
    source: address === undefined ? localSource : normalised(address),
    program: `Windows ${field('EventID')}`,
  }
}

export interface WindowsLogon {
  line: LogonLine
  /** For people, in one line. */
  text: string
  /** Epoch ms. */
  at: number
  /** The new session has an administrator's rights. */
  isAdministrator: boolean
  /** As the client calls itself, in small letters; '' where it doesn't. */
  workstation: string
}

/** Windows' word for "yes", whatever its language. */
const yes = '%%1842'

/** Undefined for an event that is about something else. */
export function windowsLogon(event: WindowsEvent): WindowsLogon | undefined {
  const line = isOf(event, 'security') ? logonOf(event.field) : undefined
  if (!line) return undefined
  const { field, id, at } = event
  const said = ['LogonType', 'Status', 'SubStatus', 'TargetDomainName', 'ProcessName']
    .filter((name) => !['', '-'].includes(field(name)))
    .map((name) => `${name}=${field(name)}`)
  const text = `${new Date(at).toISOString()} ${id} ${line.outcome} ${line.userName} from ${line.source} ${said.join(' ')}`
  const workstation = (field('WorkstationName') || field('Workstation')).toLowerCase().replace(/^(?:\\\\|-$)/, '')
  return { line, text: printable(text).slice(0, 500), at, isAdministrator: field('ElevatedToken') === yes, workstation }
}
