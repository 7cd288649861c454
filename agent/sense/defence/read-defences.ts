import { basename } from 'node:path'
import { z } from 'zod'
import type { Probe } from '../../host/probe.ts'
import type { SenseContext } from '../define-detector.ts'
import type { ProcessStart } from '../processes/process-start.ts'
import { lineOf } from '../processes/starts.ts'
import { encryptedMounts } from './encrypted.ts'
import { hasFilter } from './firewall-rules.ts'

/** What of this machine's protection could be looked at, and what of that works. Names such as `audit auditd`, `firewall ufw`. */
export interface Defences {
  looked: string[]
  on: string[]
  /** Which package manager changes the machine now. */
  packages: string | null
  /** Commands of the last minutes that may have done it, masked. */
  commands: string
  byOwnCommand: boolean
}

/** Services that protect, by the names of their units; what runs is in the kernel's list of the unit's processes, so nobody is asked. */
const services: readonly [unit: string, what: string][] = [
  ['auditd', 'audit'],
  ...['clamav-daemon', 'clamd@scan', 'clamonacc', 'clamav-clamonacc'].map((unit): [string, string] => [unit, 'antivirus']),
  ...['falcon-sensor', 'mdatp', 'sentinelone', 'wazuh-agent', 'osqueryd', 'cbagentd'].map((unit): [string, string] => [unit, 'antivirus']),
  ['firewalld', 'firewall'],
  ...['fail2ban', 'crowdsec', 'sshguard'].map((unit): [string, string] => [unit, 'ban list']),
  ...['rsyslog', 'syslog-ng', 'systemd-journald'].map((unit): [string, string] => [unit, 'logging']),
]

/** MITRE ATT&CK, by the first word of a name. */
export function techniqueOf(name: string): string {
  if (name.startsWith('firewall')) return 'T1562.004'
  if (name.startsWith('audit')) return 'T1562.012'
  if (name.startsWith('logging')) return 'T1562.006'
  return name.startsWith('disk encryption') ? 'T1486' : 'T1562.001'
}

export async function readDefences(probe: Probe, context: SenseContext): Promise<Defences> {
  const { settings } = context
  if (probe.windows) return (await import('../windows/read-defences.ts')).readWindowsDefences(probe.windows, settings)
  const [running, ufw, filter, encrypted, packages] = await Promise.all([
    runningServices(probe),
    probe.vitals.file('/etc/ufw/ufw.conf'),
    filterRules(probe),
    encryptedMounts(probe.vitals),
    probe.packageManager(),
  ])
  const parts: { looked: string[]; on: string[] }[] = [running, encrypted, ...(await accessRules(probe))]
  if (ufw) parts.push(one('firewall ufw', /^\s*ENABLED\s*=\s*yes\s*$/im.test(ufw.text)))
  if (filter !== undefined) parts.push(one('firewall rules', filter))
  const doers = settings.starts?.latest(isAboutDefences) ?? []
  return {
    looked: parts.flatMap((part) => part.looked),
    on: parts.flatMap((part) => part.on),
    packages: packages.kind === 'known' ? packages.value : null,
    commands: doers.slice(-20).map(lineOf).join('\n'),
    byOwnCommand: doers.some(({ pid }) => settings.starts?.isBelow(pid, process.pid) ?? false),
  }
}

/** What keeps programs to what they are for; nothing where this kernel has none of it. */
async function accessRules({ vitals }: Probe): Promise<{ looked: string[]; on: string[] }[]> {
  const [enforced, profiles] = await Promise.all(
    ['/sys/fs/selinux/enforce', '/sys/kernel/security/apparmor/profiles'].map((path) => vitals.kernel(path)),
  )
  return [
    ...(enforced === undefined ? [] : [one('access rules SELinux', enforced.trim() === '1')]),
    ...(profiles === undefined ? [] : [one('access rules AppArmor', profiles.includes('(enforce)'))]),
  ]
}

const one = (name: string, isOn: boolean) => ({ looked: [name], on: isOn ? [name] : [] })

async function runningServices({ vitals }: Probe): Promise<{ looked: string[]; on: string[] }> {
  const roots = ['/sys/fs/cgroup/system.slice', '/sys/fs/cgroup/systemd/system.slice']
  const slices = await Promise.all(roots.map((root) => vitals.names(root)))
  const at = slices.findIndex((names) => names.length > 0)
  const root = roots[at]
  if (root === undefined) return { looked: [], on: [] }
  const states = services.map(async ([unit, what]) => {
    const processes = slices[at]?.includes(`${unit}.service`) ? await vitals.kernel(`${root}/${unit}.service/cgroup.procs`) : undefined
    return one(`${what} ${unit}`, (processes ?? '').trim() !== '')
  })
  const found = await Promise.all(states)
  return { looked: found.flatMap(({ looked }) => looked), on: found.flatMap(({ on }) => on) }
}

/** Undefined where nobody can say: no nft, or no right to ask it. */
async function filterRules({ vitals }: Probe): Promise<boolean | undefined> {
  const listed = await vitals.ask('nft', ['--json', '--terse', 'list', 'ruleset'])
  return listed.kind === 'known' ? hasFilter(listed.value) : undefined
}

const programs =
  /^(?:setenforce|aa-teardown|aa-disable|aa-complain|apparmor_parser|auditctl|auditd|augenrules|systemctl|service|nft|ip6?tables|ip6?tables-restore|ufw|firewall-cmd|clam\w*|freshclam|cryptsetup|kill|pkill|killall|update-rc\.d|apt|apt-get|dpkg|dnf|yum|rpm)$/

const isAboutDefences = ({ image, commandLine }: ProcessStart): boolean =>
  programs.test(basename(image)) || programs.test(basename(commandLine.split(' ')[0] ?? ''))

/** What was known to work, from whom it went, and since when; kept over restarts. */
export const KnownDefences = z
  .array(
    z.object({
      name: z.string().max(300),
      looks: z.number(),
      onAt: z.number(),
      commands: z.string().max(8_000),
      byOwnCommand: z.boolean(),
      byPackages: z.boolean(),
    }),
  )
  .max(200)
export type KnownDefences = z.infer<typeof KnownDefences>
