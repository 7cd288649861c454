import type { Vitals } from '../../host/vitals.ts'

/** How each run ended, oldest first; '' is well. */
export interface Runs {
  by: string
  errors: string[]
}

/** The end of a log that grew for a month. */
const maxChars = 200_000

const runsIn = (text: string, start: RegExp, isMeant: (run: string) => boolean, error: RegExp): string[] =>
  text
    .slice(-maxChars)
    .split(start)
    .slice(1)
    .filter(isMeant)
    .map((run) => error.exec(run)?.[1] ?? '')

/** Blocks of "Start-Date: …" to "End-Date: …", with "Error: …" between where one was. */
export const runsOfHistory = (text: string): Runs => ({
  by: 'apt',
  errors: runsIn(text, /^Start-Date: /m, (run) => /^End-Date: /m.test(run), /^Error: (.*)$/m),
})

/** "2026-11-23 06:10:01,123 INFO Starting unattended upgrades script", then what it says, of which an ERROR is one. */
export const runsOfScript = (text: string): Runs => ({
  by: 'unattended-upgrades',
  errors: runsIn(text, /^.*INFO Starting unattended upgrades script.*$/m, () => true, /^[-\d]+ [\d:,]+ ERROR (.*)$/m),
})

/** Of those that fetch lists or only show something a failure is nobody's missing update; a timer's run names no command. */
const changes = (run: string): boolean => {
  const command = /^\S+ (?:\[\d+\] )?(?:DDEBUG|INFO|DEBUG) Command(?: line)?: (.*)$/m.exec(run)?.[1]
  return command === undefined
    ? /\b(?:CRITICAL|ERROR)\b|Running transaction/.test(run)
    : /\b(?:upgrade|update|install|remove|erase|distro-sync|reinstall|autoremove|offline|system-upgrade)\b/.test(command)
}

/**
 * dnf 4: "2026-11-23T06:10:01+0000 INFO --- logging initialized ---", "… DDEBUG Command: dnf upgrade -y", "… CRITICAL Error: …";
 * dnf 5: "2026-11-23T06:10:01+0000 [1234] INFO DNF5 start", "… INFO Command line: dnf upgrade -y", "… ERROR …".
 */
export const runsOfDnf = (text: string): Runs => ({
  by: 'dnf',
  errors: runsIn(
    text,
    /^\S+ (?:\[\d+\] )?INFO (?:--- logging initialized ---|DNF5 start).*$/m,
    changes,
    /^\d[-\d]*T\S+ (?:\[\d+\] )?(?:CRITICAL|ERROR) (?:Error: )?(.+)$/m,
  ),
})

/** "2026-11-23 06:10:01|command|root@host|'zypper' 'patch'|" at each commit; "# 2026-11-23 06:10:05 x.rpm install failed" where one failed. */
export const runsOfZypper = (text: string): Runs => ({
  by: 'zypper',
  errors: runsIn(text, /^[-\d]+ [\d:]+\|command\|.*$/m, () => true, /^# [-\d]+ [\d:]+ (.* failed)$/m),
})

const logs = [
  { path: '/var/log/apt/history.log', runsOf: runsOfHistory },
  { path: '/var/log/unattended-upgrades/unattended-upgrades.log', runsOf: runsOfScript },
  { path: '/var/log/dnf.log', runsOf: runsOfDnf },
  { path: '/var/log/dnf5.log', runsOf: runsOfDnf },
  { path: '/var/log/zypp/history', runsOf: runsOfZypper },
]

export async function readRuns(vitals: Pick<Vitals, 'file'>): Promise<Runs[]> {
  const read = async ({ path, runsOf }: (typeof logs)[number]): Promise<Runs[]> => {
    const log = await vitals.file(path)
    return log ? [runsOf(log.text)] : []
  }
  return (await Promise.all(logs.map(read))).flat()
}

/** apk keeps no history, but marks in its list what it could not put in whole: "P:name" … "f:s" where a script of the package failed. */
export function halfInstalled(list: string): string[] {
  return list.split('\n\n').flatMap((entry) => {
    const name = /^P:(\S{1,200})$/m.exec(entry)?.[1]
    return name !== undefined && /^f:\S+$/m.test(entry) ? [name] : []
  })
}
