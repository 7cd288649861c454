import { normalise } from '#shared/sigma/normalise.ts'
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
  const field = (name: string): string => view.values(name)[0]?.text ?? ''
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

/** What wevtutil prints: read by element and name, as far as JSON of it would hold. Bounded; undefined when it is none. */
export function windowsXml(text: string): Record<string, unknown> | undefined {
  if (text.length > 262_144) return undefined
  const element = (name: string): string | undefined => new RegExp(`<${name}(?:\\s[^>]*)?>([^<]*)</${name}>`).exec(text)?.[1]
  const EventID = element('EventID')
  const Channel = element('Channel')
  if (EventID === undefined || Channel === undefined) return undefined
  const data = [...text.matchAll(/<Data Name=['"]([^'"]{1,100})['"]>([^<]*)<\/Data>/g)].map(([, name = '', value = '']) => [
    name,
    unescaped(value),
  ])
  return { EventID: Number(EventID), Channel, Computer: element('Computer'), ...Object.fromEntries(data) }
}

const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }
const unescaped = (text: string): string => text.replace(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => entities[name] ?? '')
