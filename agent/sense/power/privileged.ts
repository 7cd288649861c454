import { printable, shownName } from '#shared/domain/printable.ts'
import type { PrivilegedFile } from '../../host/privileged-files.ts'
import type { Happening } from '../../signal/signal.ts'
import type { ProcessStart } from '../processes/process-start.ts'
import type { Doing } from './compare.ts'

type Event = Omit<Happening, 'detector'>

/** What tells a privileged file from the same path with less power. */
export const powerOf = ({ path, mode, userId, groupId }: PrivilegedFile): string => `${path}\t${mode.toString(8)}\t${userId}\t${groupId}`

/** A path may hold tabs itself. */
export const pathOf = (power: string): string => power.replace(afterPath, '')
const rightsOf = (power: string): string => (afterPath.exec(power)?.[0] ?? '').slice(1).replaceAll('\t', ' ')
const afterPath = /(?:\t[^\t]*){3}$/

export function privilegedEvent(file: PrivilegedFile, before: string | undefined, doing: Doing): Event {
  const runsAs = (file.mode & 0o4000) === 0 ? `group ${file.groupId}` : file.userId === 0 ? 'root' : `user ${file.userId}`
  const kind = 'security.persistence.dangerous'
  const path = shownName(file.path)
  const rights = file.mode.toString(8)
  return {
    kind,
    severity: doing.isByPackages || doing.isByOwnCommand ? 'info' : 'high',
    about: path.slice(0, 500),
    fingerprint: `${kind}:${path}`.slice(0, 500),
    summary: printable(`${path} runs as ${runsAs}, whoever starts it${doing.isByPackages ? ', by the package manager' : ''}`).slice(0, 500),
    facts: {
      ...{ technique: 'T1548.001', path: path.slice(0, 1_000), what: 'a program with its owner’s power', runsAs },
      ...{ rights, before: before === undefined ? null : rightsOf(before), changedAt: file.changedAt },
      ...{ byPackages: doing.isByPackages, byOwnCommand: doing.isByOwnCommand, ...doing.facts },
    },
  }
}

const giving: readonly [program: RegExp, words: RegExp][] = [
  [/^chmod$/, /\s(?:-\S+\s+)*(?:0?[2467]\d{3}|[ugoa]*[+=][rwxX]*s[rwxXst]*)(?:,\S+)?\s/],
  [/^install$/, /\s(?:-m\s*|--mode=)(?:0?[2467]\d{3}|\S*s)\s?/],
  [/^setcap$/, /=|\+/],
]

/** Who writes more gives it something else to do, and the next walk finds the file. */
const maxLooked = 4_000

/** A program that may just have given a file its owner's power, or a part of root's. */
export function isGivingPower({ commandLine, image }: ProcessStart): boolean {
  const program = nameOf(commandLine.split(' ')[0] || image)
  return giving.some(([name, words]) => name.test(program) && words.test(` ${commandLine.slice(0, maxLooked)} `))
}

/** Of absolute paths only: where the command stood isn't known for sure. */
export const pathsIn = ({ commandLine }: ProcessStart): string[] =>
  commandLine
    .split(' ')
    .filter((word) => word.startsWith('/'))
    .slice(1 - Number(!commandLine.startsWith('/')), 20)

/** Capabilities are an attribute that no listing shows, so the command itself is told of. */
export function capabilityEvent(start: ProcessStart, doing: Doing): Event | undefined {
  if (nameOf(start.commandLine.split(' ')[0] || start.image) !== 'setcap' || /\s-[rv]\s/.test(`${start.commandLine} `)) return undefined
  const kind = 'security.persistence.dangerous'
  const words = printable(start.commandLine).slice(0, 300)
  return {
    kind,
    severity: doing.isByPackages || doing.isByOwnCommand ? 'info' : 'high',
    about: (pathsIn(start).at(-1) ?? words).slice(0, 500),
    fingerprint: `${kind}:${words}`,
    summary: printable(`A part of root’s power was given to a program by ${start.user}: ${words}`).slice(0, 500),
    facts: {
      ...{
        technique: 'T1548.001',
        what: 'a program with capabilities',
        byPackages: doing.isByPackages,
        byOwnCommand: doing.isByOwnCommand,
      },
      ...{ process: start.image, pid: start.pid, user: start.user, parent: start.parentImage },
    },
  }
}

const nameOf = (path: string): string => path.split('/').at(-1) ?? path
