import { maskSecrets } from '#shared/domain/mask-secrets.ts'
import { printable } from '#shared/domain/printable.ts'
import type { Said } from './defence.ts'
import { isOf, type WindowsEvent } from './events.ts'
import { isDangerousCommand, isHostileCommand, isInstaller } from './programs.ts'

/** Who may do everything, by the end of their numbers, which have no language: this machine's administrators, the domain's and the forest's. */
const administrators = /^S-1-5-32-(?:544|548|549|550|551)$|^S-1-5-21-\d+-\d+-\d+-(?:512|518|519|520|526|527)$/
const joined = new Set([4728, 4732, 4756])
/** Values of the registry by which programs start by themselves or take another's place. */
const autoruns =
  /\\(?:currentversion\\(?:run|runonce|runonceex|runservices|policies\\explorer\\run)\\|currentversion\\winlogon\\(?:shell|userinit|notify|taskman|gpextensions)|currentversion\\windows\\(?:load|run|appinit_dlls)|image file execution options\\[^\\]+\\(?:debugger|monitorprocess)|silentprocessexit\\[^\\]+\\(?:monitorprocess|reportingmode)|session manager\\(?:bootexecute|appcertdlls)|control\\lsa\\(?:authentication packages|security packages|notification packages)|user shell folders\\(?:common )?startup|environment\\userinitmprlogonscript|active setup\\installed components\\[^\\]+\\stubpath)/i
/** Those that Windows itself and programs of people never set: nobody is startled by a line, but by these. */
const dangerousAutoruns =
  /\\image file execution options\\|\\silentprocessexit\\|\\appcertdlls|\\winlogon\\(?:shell|userinit|taskman)|\\appinit_dlls|\\lsa\\|\\bootexecute/i

interface Persistence {
  about: string
  what: string
  technique: string
  command: string
  isDangerous?: boolean
  /** Programs of people start with them from their own folders; only what is hostile anywhere counts. */
  isOfOnePerson?: boolean
  byInstaller?: boolean
  facts?: Record<string, string>
}

/** Rows 12 to 14 by number and field; undefined for an event that gives nobody a power. */
export function powerOf(event: WindowsEvent): Said | undefined {
  if (isOf(event, 'security') && (event.id === 4720 || joined.has(event.id))) return accountOf(event)
  const found = persistenceOf(event)
  return found && persistenceSaid(found, event)
}

function accountOf(event: WindowsEvent): Said | undefined {
  const { id, field } = event
  const isNew = id === 4720
  const group = field('TargetSid')
  if (!isNew && !administrators.test(group)) return undefined
  // The name is there only in a domain; the number always is.
  const member = isNew ? field('TargetUserName') : [field('MemberName'), field('MemberSid')].find((each) => each !== '' && each !== '-')
  const who = printable(member ?? 'somebody').slice(0, 200)
  const by = printable(`${field('SubjectDomainName')}\\${field('SubjectUserName')}`).slice(0, 200)
  return {
    kind: isNew ? 'security.account.added' : 'security.account.admin-added',
    severity: isNew ? 'low' : 'medium',
    about: isNew ? who : `${who} in ${group}`,
    summary: isNew
      ? `${who} is a new user, made by ${by}`
      : `${who} became an administrator (${printable(field('TargetUserName')).slice(0, 100)}), by ${by}`,
    facts: {
      happenedAt: event.at,
      ...{ technique: isNew ? 'T1136.001' : 'T1098', account: who, accountSid: field(isNew ? 'TargetSid' : 'MemberSid').slice(0, 200) },
      ...{ by, ...(!isNew && { group, groupName: field('TargetUserName').slice(0, 100) }) },
    },
    evidence: [shown(event)],
  }
}

function persistenceOf(event: WindowsEvent): Persistence | undefined {
  if (isOf(event, 'system')) return event.id === 7045 ? serviceOf(event, 'ImagePath') : undefined
  if (isOf(event, 'tasks')) return event.id === 106 ? taskOf(event, '') : undefined
  if (isOf(event, 'sysmon')) return ofSysmon(event)
  if (!isOf(event, 'security')) return undefined
  if (event.id === 4697) return serviceOf(event, 'ServiceFileName')
  return event.id === 4698 || event.id === 4702
    ? taskOf(event, commandsIn(event.field('TaskContent') || event.field('TaskContentNew')))
    : undefined
}

function serviceOf({ field }: WindowsEvent, pathField: string): Persistence {
  const name = field('ServiceName')
  const facts = { account: (field('AccountName') || field('ServiceAccount')).slice(0, 200) }
  return { about: `service ${name}`, what: `the service ${name} is new`, technique: 'T1543.003', command: field(pathField), facts }
}

/** @param command what 4698 says it runs; 106 of the task scheduler has no more than its name. */
function taskOf({ field }: WindowsEvent, command: string): Persistence {
  const name = field('TaskName')
  const user = field('SubjectUserSid') || field('UserContext')
  const isAmongWindowsOwn = /^\\microsoft\\windows\\/i.test(name)
  // Windows makes tasks of its own all the time, as itself; a person who puts one among them hides it.
  const isByWindows = user === 'S-1-5-18' && isAmongWindowsOwn
  return {
    ...{ about: `task ${name}`, what: `the task ${name} is new`, technique: 'T1053.005', command },
    ...{ byInstaller: isByWindows && !isDangerousCommand(command), isDangerous: isAmongWindowsOwn && !isByWindows },
    facts: { user: user.slice(0, 200) },
  }
}

/** `TaskContent` is a document of its own inside of the field; arguments may be as long as somebody wants, and their beginning tells enough. */
const commandsIn = (content: string): string =>
  [...content.slice(0, 65_536).matchAll(/<(?:Command|Arguments|ClassId)>([^<]{0,4096})/g)].map(([, text]) => text).join(' ')

function ofSysmon({ id, field }: WindowsEvent): Persistence | undefined {
  if (id === 13 || id === 12) return autorunOf(id, field)
  if (id === 19 || id === 20 || id === 21) {
    const name = field('Name') || field('Consumer')
    const command = field('Destination') || field('Query')
    return { about: `WMI ${name}`, what: 'something is to happen by WMI', technique: 'T1546.003', command, isDangerous: id !== 19 }
  }
  return undefined
}

function autorunOf(id: number, field: WindowsEvent['field']): Persistence | undefined {
  const target = field('TargetObject')
  if (!autoruns.test(target) || (id === 12 && !/^create/i.test(field('EventType')))) return undefined
  // Taken away, or never given.
  if (id === 13 && /^(?:|\(Empty\)|DWORD \(0x0+\))$/.test(field('Details'))) return undefined
  // Of a key that is made only those tell anything whose being there is enough.
  if (id === 12 && !/silentprocessexit|appcertdlls/i.test(target)) return undefined
  return {
    ...{ about: `registry ${target}`, what: `${target} was set`, technique: 'T1547.001', command: field('Details') },
    isDangerous: dangerousAutoruns.test(target),
    isOfOnePerson: true,
    byInstaller: isInstaller(field('Image')),
    facts: { program: field('Image').slice(0, 500), user: field('User').slice(0, 200) },
  }
}

function persistenceSaid(found: Persistence, event: WindowsEvent): Said {
  const { about, what, technique, command, byInstaller = false, facts } = found
  const isDangerous = !byInstaller && isDangerousOne(found)
  const shownCommand = printable(maskSecrets(command)).slice(0, 1_000)
  const danger = isDangerous ? 'dangerous' : 'new'
  return {
    kind: `security.persistence.${danger}`,
    severity: byInstaller ? 'info' : isDangerous ? 'high' : 'low',
    about: printable(about).slice(0, 300),
    summary: printable(`${what}${shownCommand === '' ? '' : `: ${shownCommand}`}`).slice(0, 500),
    facts: {
      technique,
      what: printable(what).slice(0, 300),
      command: shownCommand,
      byPackages: byInstaller,
      happenedAt: event.at,
      ...facts,
    },
    evidence: [shown(event)],
  }
}

const isDangerousOne = ({ isDangerous = false, isOfOnePerson = false, command }: Persistence): boolean =>
  isDangerous || (isOfOnePerson ? isHostileCommand(command) : isDangerousCommand(command))

const shown = (event: WindowsEvent) => ({ name: 'the event', text: maskSecrets(printable(event.text())).slice(0, 8_000) })
