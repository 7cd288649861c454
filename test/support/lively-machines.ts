import type { Role } from '#shared/domain/endpoint.ts'
import type { Severity } from '#shared/domain/severity.ts'
import type { Facts } from '#shared/domain/signal.ts'

export interface Saying {
  minutesAgo: number
  kind: string
  severity: Severity
  about: string
  summary: string
  facts: Facts
}
export interface LivelyMachine {
  hostname: string
  role: Role
  of: 'Harbour Dental' | 'Lindqvist Logistics'
  says: Saying[]
}

/** What two customers' machines have to say on one morning. */
export const livelyMachines: LivelyMachine[] = [
  {
    hostname: 'files-02',
    role: 'server',
    of: 'Harbour Dental',
    says: [
      saying(52, 'health.disk.full', 'medium', '/var', 'Disk /var is 92 % full, 8.1 GiB left', {
        usedRatio: 0.92,
        freeBytes: 8_697_308_774,
      }),
      saying(21, 'health.service.down', 'high', 'postgresql.service', 'postgresql.service has failed', { state: 'failed', restarts: 3 }),
    ],
  },
  {
    hostname: 'frontdesk-03',
    role: 'workstation',
    of: 'Harbour Dental',
    says: [
      saying(43, 'health.service.down', 'medium', 'cups.service', 'cups.service has failed: no printing', { state: 'failed' }),
      saying(
        1,
        'security.ransomware.canary',
        'critical',
        '/home/reception/00-accounts.docx',
        'The decoy 00-accounts.docx was edited; it can still be read',
        {
          change: 'edited',
        },
      ),
    ],
  },
  {
    hostname: 'dc-01',
    role: 'core',
    of: 'Lindqvist Logistics',
    says: [saying(6, 'health.service.down', 'high', 'slapd.service', 'slapd.service is down: nobody can log on', { state: 'inactive' })],
  },
  {
    hostname: 'gate-01',
    role: 'server',
    of: 'Lindqvist Logistics',
    says: [34, 31, 28].map((minutesAgo) =>
      saying(minutesAgo, 'security.logon.bruteforce', 'medium', 'ssh', 'Log-on service open to the internet: 41 failures in 10 minutes', {
        failures: 41,
        users: ['root', 'admin', 'oracle'],
      }),
    ),
  },
  {
    hostname: 'till-07',
    role: 'workstation',
    of: 'Lindqvist Logistics',
    says: [saying(75, 'health.disk.full', 'high', '/', 'Disk / is 98 % full, 2.3 GiB left', { usedRatio: 0.98, freeBytes: 2_469_606_195 })],
  },
  {
    hostname: 'laptop-ines',
    role: 'workstation',
    of: 'Harbour Dental',
    says: [
      saying(16, 'security.user.reported', 'high', 'ines', '“I clicked on something in a mail from the bank”', { saidBy: 'Ines Moreau' }),
    ],
  },
  {
    hostname: 'mail-01',
    role: 'server',
    of: 'Lindqvist Logistics',
    says: [
      saying(28, 'health.memory.pressure', 'medium', 'memory', 'Less than 5 % of memory free for 15 minutes', { availableRatio: 0.041 }),
    ],
  },
]

function saying(minutesAgo: number, kind: string, severity: Severity, about: string, summary: string, facts: Facts): Saying {
  return { minutesAgo, kind, severity, about, summary, facts }
}
