/** What a change at a place would be: row 13 of the matrix, row 14, or row 12; a person's own shell is judged by what was added; what says how this machine is guarded is a line. */
export type Class = 'dangerous' | 'new' | 'admin' | 'shell' | 'defence'

export interface Place {
  /** A file, or a folder of which every file is meant. */
  path: string
  /** A person's own, who may have put a link or another machine's disk on the way there. */
  isPersons?: 'file' | 'folder'
  /** Folders in it whose names end in `.d` change what is named like them. */
  hasDropIns?: boolean
  class: Class
  /** MITRE ATT&CK. */
  technique: string
  what: string
}

const place = (path: string, kind: Class, technique: string, what: string): Place => ({ path, class: kind, technique, what })

/** Where programs are made to start by themselves, and powers are given, on Linux. A folder that isn't there is looked for again. */
export const places: readonly Place[] = [
  place('/etc/ld.so.preload', 'dangerous', 'T1574.006', 'the list of libraries that every program loads'),
  place('/root/.ssh/authorized_keys', 'dangerous', 'T1098.004', 'the keys that may sign in as root'),
  place('/root/.ssh/authorized_keys2', 'dangerous', 'T1098.004', 'the keys that may sign in as root'),
  place('/etc/sudoers', 'admin', 'T1548.003', 'who may act as root'),
  place('/etc/sudoers.d', 'admin', 'T1548.003', 'who may act as root'),
  place('/etc/passwd', 'admin', 'T1136.001', 'the list of users'),
  place('/etc/group', 'admin', 'T1098', 'the list of groups'),
  place('/etc/doas.conf', 'admin', 'T1548', 'who may act as root'),
  ...['/etc/crontab', '/etc/anacrontab', '/etc/cron.d', '/etc/cron.hourly', '/etc/cron.daily', '/etc/cron.weekly', '/etc/cron.monthly'].map(
    (path) => place(path, 'new', 'T1053.003', 'a job of cron'),
  ),
  ...['/var/spool/cron', '/var/spool/cron/crontabs'].map((path) => place(path, 'new', 'T1053.003', 'a job of cron')),
  // Each holds the folder and the settings of the shell that asked for it.
  ...['/var/spool/cron/atjobs', '/var/spool/at'].map((path) => place(path, 'shell', 'T1053.002', 'a job of at')),
  ...['/etc/systemd/system', '/run/systemd/system', '/usr/local/lib/systemd/system', '/etc/systemd/user', '/root/.config/systemd/user'].map(
    (path): Place => ({ ...place(path, 'new', 'T1543.002', 'a service or timer'), hasDropIns: true }),
  ),
  ...['/etc/systemd/system-generators', '/usr/local/lib/systemd/system-generators'].map((path) =>
    place(path, 'new', 'T1543.002', 'a program that makes services at each start'),
  ),
  place('/etc/init.d', 'new', 'T1037.004', 'a service'),
  ...['/etc/rc.local', '/etc/rc.d/rc.local'].map((path) => place(path, 'new', 'T1037.004', 'a script of the start')),
  ...[
    '/etc/update-motd.d',
    '/etc/NetworkManager/dispatcher.d',
    '/etc/networkd-dispatcher/routable.d',
    '/etc/network/if-up.d',
    '/etc/dhcp/dhclient-enter-hooks.d',
    '/etc/dhcp/dhclient-exit-hooks.d',
  ].map((path) => place(path, 'new', 'T1546', 'a script that root runs at each log-on, or with the network')),
  ...['/etc/ld.so.conf', '/etc/ld.so.conf.d'].map((path) => place(path, 'new', 'T1574.006', 'where programs look for their libraries')),
  ...['/etc/xdg/autostart', '/root/.config/autostart'].map((path) =>
    place(path, 'new', 'T1547.013', 'a program that starts with the desktop'),
  ),
  ...['/etc/modules', '/etc/modules-load.d', '/etc/modprobe.d'].map((path) =>
    place(path, 'new', 'T1547.006', 'a kernel module to be loaded'),
  ),
  ...[
    '/etc/profile',
    '/etc/profile.d',
    '/etc/bash.bashrc',
    '/etc/environment',
    '/etc/zprofile',
    '/etc/zsh',
    '/root/.bashrc',
    '/root/.profile',
    '/root/.bash_profile',
    '/root/.bash_login',
    '/root/.bash_logout',
    '/root/.zshrc',
  ].map((path) => place(path, 'new', 'T1546.004', 'a file that every shell reads at its start')),
  ...[
    '/etc/pam.d',
    '/etc/ssh/sshd_config',
    '/etc/ssh/sshd_config.d',
    '/etc/udev/rules.d',
    '/etc/polkit-1/rules.d',
    '/etc/apt/apt.conf.d',
    '/etc/pam.conf',
    '/etc/sudo.conf',
    '/etc/ssh/sshrc',
    '/root/.ssh/rc',
    '/etc/tmpfiles.d',
    '/etc/binfmt.d',
  ].map((path) => place(path, 'new', 'T1546', 'a setting that runs programs or lets people in')),
  ...['/etc/audit', '/etc/audit/rules.d', '/etc/libaudit.conf', '/etc/rsyslog.conf', '/etc/rsyslog.d', '/etc/syslog.conf'].map((path) =>
    place(path, 'defence', 'T1562.006', 'what this machine writes into its logs'),
  ),
  place('/etc/selinux/config', 'defence', 'T1562.001', 'what programs may do'),
]

/** What lets somebody in as a person, or starts with them. Root's own stand above. */
export const placesOf = (home: string): Place[] => [
  ...[
    place(`${home}/.config/autostart`, 'new', 'T1547.013', 'a program that starts with the desktop'),
    place(`${home}/.config/systemd/user`, 'new', 'T1543.002', 'a service or timer of that person'),
  ].map((each): Place => ({ ...each, isPersons: 'folder' })),
  ...[
    place(`${home}/.ssh/authorized_keys`, 'new', 'T1098.004', 'the keys that may sign in as that person'),
    place(`${home}/.ssh/authorized_keys2`, 'new', 'T1098.004', 'the keys that may sign in as that person'),
    ...['.bashrc', '.bash_profile', '.bash_login', '.bash_logout', '.profile', '.shrc', '.zshrc', '.zprofile', '.zshenv'].map((name) =>
      place(`${home}/${name}`, 'shell', 'T1546.004', 'a file that the person’s every shell reads at its start'),
    ),
  ].map((each): Place => ({ ...each, isPersons: 'file' })),
]

/** A program that anybody can have put there. */
const loosely = /(?:^|[\s="'])(?:\/tmp\/|\/var\/tmp\/|\/dev\/shm\/|\/home\/[^/\s]+\/\.?)/m

/** What no tool writes into a person's shell: programs out of folders of everybody, what was hidden, other programs' insides. */
const hostileLines =
  /(?:^|[\s="';&|(])(?:\/tmp\/|\/var\/tmp\/|\/dev\/shm\/)|\/dev\/(?:tcp|udp)\/|\bbase64\s+(?:-d|--decode)|LD_PRELOAD=|\balias\s+(?:sudo|su|ssh)=/m

const fetching = /\b(?:curl|wget|fetch|nc|ncat|socat)\b/
const toShell = /^\s*\S*sh\b/

export const isHostileInShell = (lines: string): boolean => hostileLines.test(lines) || lines.split('\n').some(runsWhatItFetches)

/** In pieces, because one pattern for all of it takes minutes over a line that somebody made for that. */
function runsWhatItFetches(line: string): boolean {
  const pieces = line.split('|')
  const fetches = pieces.findIndex((piece) => fetching.test(piece))
  return fetches >= 0 && pieces.slice(fetches + 1).some((piece) => toShell.test(piece))
}

/** A job or service that runs from a folder of users is dangerous, wherever it is written down. */
export const runsFromUsers = (text: string): boolean => loosely.test(text)

/** Names that mean root: users of number 0 or of root's group, and members of the groups that may act as root. */
export function administratorsIn(path: string, text: string): string[] {
  const rows = text.split('\n').map((line) => line.split(':'))
  if (path === '/etc/passwd') return rows.filter(([, , id, group]) => id === '0' || group === '0').map(([name = '']) => name)
  if (path === '/etc/group')
    return rows.flatMap(([group = '', , , members = '']) =>
      ['root', 'sudo', 'wheel', 'admin', 'adm-sudo', 'docker', 'lxd', 'libvirt'].includes(group)
        ? members
            .split(',')
            .filter((name) => name !== '')
            .map((name) => `${group}:${name}`)
        : [],
    )
  return []
}

export const usersIn = (passwd: string): string[] => passwd.split('\n').flatMap((line) => /^([^:]+):/.exec(line)?.[1] ?? [])

const noShell = /\/(?:nologin|false|sync|shutdown|halt)$/
const nobodysHome =
  /^\/(?:bin|sbin|boot|lib\w*|nonexistent|usr(?:\/s?bin)?|var)$|^\/(?:dev|proc|root|sys)(?:\/|$)|^\/home(?:\/[^/]+)?$|\/\.{0,2}(?:\/|$)/

/** Of whoever may sign in and lives neither right below /home nor as root: services, and people on a disk of their own. */
export const homesElsewhere = (passwd: string): string[] => [
  ...new Set(
    passwd.split('\n').flatMap((line) => {
      const [, , , , , written = '', shell = ''] = line.split(':')
      const home = written.replace(/\/+$/, '')
      return home.startsWith('/') && !noShell.test(shell) && !nobodysHome.test(home) ? [home] : []
    }),
  ),
]
