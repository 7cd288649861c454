import { access } from 'node:fs/promises'
import { lines, output } from './child.ts'
import type { Answer, LineFollower, Stop, UnitReading } from './probe.ts'

const properties = ['Id', 'LoadState', 'ActiveState', 'SubState', 'Result']

/** Failed services, and those of `listed` that are not active. */
export async function unitsDown(listed: string[]): Promise<Answer<UnitReading[]>> {
  if (!(await exists('/run/systemd/system'))) return { kind: 'unsupported', reason: 'systemd does not run on this machine' }
  const failed = parseFailed(
    await output('systemctl', ['list-units', '--state=failed', '--type=service', '--plain', '--no-legend', '--no-pager']),
  )
  const names = [...new Set([...failed, ...listed.map(unitName)])]
  if (names.length === 0) return { kind: 'known', value: [] }
  const shown = await output('systemctl', ['show', '--no-pager', `--property=${properties.join(',')}`, '--', ...names])
  return { kind: 'known', value: parseUnits(shown, new Set(listed.map(unitName))).filter(isDown) }
}

/** First word of each line; systemd may put a bullet before it. */
export function parseFailed(text: string): string[] {
  return text.split('\n').flatMap((line) => /^\W*(\S+\.service)\b/.exec(line)?.[1] ?? [])
}

/** Blocks of `Name=value`, one per unit, with an empty line between them. */
export function parseUnits(text: string, listed: ReadonlySet<string>): UnitReading[] {
  return text.split(/\n\n+/).flatMap((block) => {
    const value = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
    const name = value.get('Id')
    if (!name) return []
    const isMissing = value.get('LoadState') === 'not-found'
    const state = isMissing ? 'not found' : (value.get('ActiveState') ?? 'unknown')
    const detail = isMissing ? 'no such unit' : `${value.get('SubState') ?? ''}, result ${value.get('Result') ?? 'unknown'}`
    return [{ name, state, detail, isListed: listed.has(name) }]
  })
}

/** On its way up or down is not down yet; a unit that stays there fails by its own time limit. */
const isDown = (unit: UnitReading): boolean =>
  unit.state === 'failed' || (unit.isListed && !['active', 'activating', 'reloading', 'deactivating'].includes(unit.state))

const unitName = (name: string): string => (/\.\w+$/.test(name) ? name : `${name}.service`)

/** auth and authpriv are syslog's facilities 4 and 10; sshd and PAM write there. */
const authFacilities = ['SYSLOG_FACILITY=4', 'SYSLOG_FACILITY=10']

export async function followJournal(follower: LineFollower): Promise<Answer<Stop>> {
  if (!(await exists('/run/systemd/journal/socket')))
    return { kind: 'unsupported', reason: 'there is no auth log and no journal on this machine' }
  const onLine = (line: string): void => {
    const syslog = syslogOf(line)
    if (syslog !== undefined) follower.onLine(syslog)
  }
  const args = ['--follow', '--output=json', '--lines=0', '--no-pager', '--quiet', ...authFacilities]
  return { kind: 'known', value: lines('journalctl', args, { ...follower, onLine }) }
}

/** A journal entry as the line syslog would have written; undefined when it is none. Text that is not UTF-8 comes as bytes. */
export function syslogOf(json: string): string | undefined {
  const entry = parsed(json)
  const message = text(entry?.MESSAGE)
  const program = text(entry?.SYSLOG_IDENTIFIER) ?? text(entry?._COMM)
  if (message === undefined || program === undefined || isForged(program, entry)) return undefined
  const pid = text(entry?.SYSLOG_PID) ?? text(entry?._PID)
  const at = new Date(Number(text(entry?.__REALTIME_TIMESTAMP) ?? 0) / 1_000).toISOString()
  // One entry is one line, whatever its sender put into it.
  return `${at} ${text(entry?._HOSTNAME) ?? 'localhost'} ${program}${pid === undefined ? '' : `[${pid}]`}: ${message.replace(/[\r\n]+/g, ' ')}`
}

/** Anybody may log under any name; the journal adds who it was. What sshd says of sign-ins, root says. */
const isForged = (program: string, entry: Record<string, unknown> | undefined): boolean =>
  program.startsWith('sshd') && typeof entry?._UID === 'string' && entry._UID !== '0'

function parsed(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return Array.isArray(value) && value.every((byte) => typeof byte === 'number') ? Buffer.from(value).toString('utf8') : undefined
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
