import { localSource, normalised } from './address.ts'
import { lessUsual } from './less-usual-lines.ts'
import { atThisMachine } from './local-lines.ts'

/** One line of a log, as far as it says that somebody got in or didn't. */
export interface LogonLine {
  outcome: 'failed' | 'accepted'
  /** Address or name of where it came from. */
  source: string
  userName: string | undefined
  program: string
  /** One connection's lines share it; undefined when the log doesn't say. */
  connection: string | undefined
  /** Which of several lines that one attempt writes this is. */
  witness: string
  count: number
}

export interface Pattern {
  witness: string
  outcome: LogonLine['outcome']
  programs: RegExp
  /** Groups: user, source, count. A user name may hold anything, so it is read up to the last possible end of it. */
  line: RegExp
}

const sshd = /^sshd(-session|-auth)?$/
const anyProgram = /./

const patterns: Pattern[] = [
  {
    witness: 'password',
    outcome: 'failed',
    programs: sshd,
    line: /^Failed (?:password|keyboard-interactive\S*|hostbased|gssapi\S*) for (?:invalid user )?(?<user>.*) from (?<source>\S+) port \d+(?: ssh2)?(?: \[preauth\])?$/,
  },
  {
    witness: 'publickey',
    outcome: 'failed',
    programs: sshd,
    line: /^Failed publickey for (?:invalid user )?(?<user>.*) from (?<source>\S+) port \d+(?: ssh2)?(?:: .*)?$/,
  },
  {
    witness: 'name',
    outcome: 'failed',
    programs: sshd,
    line: /^(?:Invalid|Illegal) user (?:(?<user>.*) )?from (?<source>\S+)(?: port \d+)?$/,
  },
  { witness: 'name', outcome: 'failed', programs: sshd, line: /^User (?<user>.*) from (?<source>\S+) not allowed because .*$/ },
  {
    witness: 'left',
    outcome: 'failed',
    programs: sshd,
    line: /^(?:Connection (?:closed|reset) by|Disconnected from) \w+ user (?<user>.*) (?<source>\S+) port \d+ \[preauth\]$/,
  },
  {
    witness: 'left',
    outcome: 'failed',
    programs: sshd,
    line: /^error: maximum authentication attempts exceeded for (?:invalid user )?(?<user>.*) from (?<source>\S+) port \d+ ssh2 \[preauth\]$/,
  },
  {
    witness: 'pam-error',
    outcome: 'failed',
    programs: sshd,
    line: /^error: PAM: .* for (?:illegal user )?(?<user>.*) from (?<source>\S+)$/,
  },
  {
    witness: 'pam',
    outcome: 'failed',
    programs: anyProgram,
    line: /^PAM (?<count>\d+) more authentication failures?; .*?\brhost=(?<source>\S*)(?:\s+user=(?<user>.*))?$/,
  },
  {
    witness: 'pam',
    outcome: 'failed',
    programs: anyProgram,
    line: /^(?:pam_\w+\([\w.-]+:auth\): )?authentication failure; .*?\brhost=(?<source>\S*)(?:\s+user=(?<user>.*))?$/,
  },
  {
    witness: 'accepted',
    outcome: 'accepted',
    programs: sshd,
    line: /^Accepted \S+ for (?<user>.*) from (?<source>\S+) port \d+(?: ssh2)?(?:: .*)?$/,
  },
  ...lessUsual,
  ...atThisMachine,
]

/** What these two say without a process number is one attempt's, if it is one person's. */
const isSudoOrSu = /^(?:sudo|su)$/

/** rsyslog's own form (RFC 3164), with or without a year and parts of seconds, and the ISO one, then host, program, process, message. Older PAM names itself behind the program. */
const syslog =
  /^(?:<\d+>)?(?:\w{3}\s+\d+ (?:\d{4} )?[\d:.]+|\d{4}-\d\d-\d\d[T ]\S+) \S+ (?<program>[\w./-]+?)\]?(?:\(pam_\w+\))?(?:\[(?<pid>\d+)\])?: (?<message>.*)$/
/** RFC 5424: version, time, host, program, process, kind, data, message. */
const newerSyslog = /^<\d+>1 \S+ \S+ (?<program>[\w./-]+) (?<pid>\d+|-) \S+ (?:-|\[.*?\]) (?<message>.*)$/
const repeated = /^message repeated (?<times>\d+) times: \[ (?<message>.*)\]$/
const vsftpd =
  /^\w{3} \w{3} +\d+ [\d:]+ \d{4} \[pid (?<pid>\d+)\] \[(?<user>.*)\] (?<outcome>FAIL|OK) LOGIN: Client "(?<source>[^"]+)"(?:, .*)?$/

/** A logger that says "repeated" is believed up to here; an attacker gains nothing from a larger number. */
const maxCount = 1_000

/** Undefined for every line that is about something else. */
export function readLogonLine(line: string): LogonLine | undefined {
  const text = line.trimEnd()
  const ftp = vsftpd.exec(text)?.groups
  if (ftp) return fromFtp(ftp)
  const { program = '', pid, message = '' } = (syslog.exec(text) ?? newerSyslog.exec(text))?.groups ?? {}
  const again = repeated.exec(message)?.groups
  const found = fromMessage(program.split('/').at(-1) ?? program, pid, again?.message?.trimEnd() ?? message)
  return found && { ...found, count: Math.min(maxCount, found.count * Number(again?.times ?? 1)) }
}

function fromMessage(program: string, pid: string | undefined, message: string): LogonLine | undefined {
  for (const pattern of patterns) {
    const groups = pattern.programs.test(program) ? pattern.line.exec(message)?.groups : undefined
    if (!groups) continue
    const { source = '', user, count } = groups
    return {
      outcome: pattern.outcome,
      source: source === '' ? localSource : normalised(source),
      userName: user === '' ? undefined : user,
      program,
      connection: connectionOf(program, pid, user),
      witness: pattern.witness,
      count: Number(count ?? 1),
    }
  }
  return undefined
}

function connectionOf(program: string, pid: string | undefined, user: string | undefined): string | undefined {
  if (pid !== undefined) return `${program.replace(/-.*/, '')}[${pid}]`
  return isSudoOrSu.test(program) ? `${program} by ${user ?? 'unknown'}` : undefined
}

function fromFtp(groups: Record<string, string | undefined>): LogonLine {
  return {
    outcome: groups.outcome === 'OK' ? 'accepted' : 'failed',
    source: normalised(groups.source ?? ''),
    userName: groups.user,
    program: 'vsftpd',
    connection: undefined,
    witness: 'ftp',
    count: 1,
  }
}
