import type { Origin } from './logsource.ts'

/** Programs whose lines Sigma's services mean. */
const services: Readonly<Record<string, readonly string[]>> = {
  sshd: ['sshd', 'auth'],
  'sshd-session': ['sshd', 'auth'],
  sudo: ['sudo', 'auth'],
  su: ['su', 'auth'],
  login: ['login', 'auth'],
  useradd: ['auth'],
  usermod: ['auth'],
  groupadd: ['auth'],
  passwd: ['auth'],
  cron: ['cron'],
  crond: ['cron'],
  crontab: ['cron'],
  anacron: ['cron'],
  vsftpd: ['vsftpd'],
  guacd: ['guacamole'],
  guacamole: ['guacamole'],
  clamd: ['clamav'],
  clamscan: ['clamav'],
  freshclam: ['clamav'],
  systemd: ['systemd'],
  kernel: ['kernel'],
  audit: ['auditd'],
  auditd: ['auditd'],
}

/** Every line stands in the system's log; its program says in which others. Unknown: it may stand in any. */
export function syslogOrigin(program: unknown): Origin {
  if (typeof program !== 'string' || program === '') return { product: 'linux', categories: [], services: undefined }
  const own = services[program.toLowerCase().replace(/\[.*$/, '')] ?? []
  return { product: 'linux', categories: [], services: ['syslog', 'journald', ...own] }
}

/** `Nov 22 09:00:00 host sshd[12]: text`, or with an ISO instant before it. A line of another shape is all message. */
export function syslogFields(line: string): Record<string, unknown> {
  const [, timestamp, host, program, pid, message] =
    /^((?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)|(?:\d{4}-\d\d-\d\dT\S{8,30})) (\S{1,255}) ([^\s[:]{1,100})(?:\[(\d{1,10})\])?: (.*)$/s.exec(
      line,
    ) ?? []
  if (message === undefined) return { message: line }
  return { timestamp, host, program, ...(pid !== undefined && { pid }), message }
}
