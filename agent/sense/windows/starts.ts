import { sentenceOf } from '#shared/domain/fault.ts'
import type { Say, WatchContext, Watching } from '../define-detector.ts'
import { BoundedMap } from '../logon/bounded-map.ts'
import { destroyed, isToldBy } from '../processes/destroyed.ts'
import type { ProcessStart } from '../processes/process-start.ts'
import type { Starts } from '../processes/starts.ts'
import { isDestroyingOnWindows } from './backups-destroyed.ts'
import { isOf, type WindowsEvent, type WindowsEvents } from './events.ts'

const maxCommandLine = 4_096

/** Sysmon's event 1 or the Security log's 4688; undefined for any other. */
export function startOfEvent(event: WindowsEvent): (ProcessStart & { originalName?: string }) | undefined {
  if (event.id === 1 && isOf(event, 'sysmon')) return ofSysmon(event)
  return event.id === 4688 && isOf(event, 'security') ? ofSecurity(event) : undefined
}

/** Lines and control characters would be read as something else wherever this is shown. */
const clean = (text: string): string => text.slice(0, maxCommandLine).replace(/\p{Cc}/gu, '�')

function ofSysmon({ field, at }: WindowsEvent) {
  const sha256 = field('SHA256').toLowerCase()
  const directory = field('CurrentDirectory')
  return {
    ...{ at, pid: Number(field('ProcessId')), parentPid: Number(field('ParentProcessId')), image: clean(field('Image')) },
    ...{ commandLine: clean(field('CommandLine')), user: clean(field('User')), directory: directory === '' ? undefined : clean(directory) },
    ...{ parentImage: clean(field('ParentImage')), parentCommandLine: clean(field('ParentCommandLine')), source: 'sysmon' as const },
    ...(/^[0-9a-f]{64}$/.test(sha256) && { sha256 }),
    originalName: field('OriginalFileName').slice(0, 260),
  }
}

/** Its numbers are hexadecimal; its command line is there only where the policy of the machine has it written. */
function ofSecurity({ field, at }: WindowsEvent): ProcessStart {
  const [target, subject] = ['Target', 'Subject'].map((who) => [field(`${who}DomainName`), field(`${who}UserName`)])
  const user = [target, subject].find((names) => names?.[1] !== undefined && !['', '-'].includes(names[1])) ?? []
  const image = clean(field('NewProcessName'))
  return {
    ...{ at, pid: Number(field('NewProcessId')), parentPid: Number(field('ParentProcessId')), image },
    ...{ commandLine: clean(field('CommandLine')) || image, user: clean(user.filter((name) => !['', '-'].includes(name)).join('\\')) },
    ...{ directory: undefined, parentImage: clean(field('ParentProcessName')), parentCommandLine: '' },
    source: 'security',
  }
}

export function watchStarts(events: WindowsEvents, starts: Starts, say: Say, { broken }: Pick<WatchContext, 'broken'>): Watching {
  const said = new BoundedMap<{ isSaid: boolean }>(1_000)
  const end = events.listen((event) => {
    const start = startOfEvent(event)
    if (!start) return
    if (!isToldBy(starts, start)) starts.add(start)
    // Of a start that both tell, Sysmon alone knows the program's own name.
    const known = said.touch(`${start.pid} ${start.image} ${start.commandLine}`, () => ({ isSaid: false }))
    if (known.isSaid || !isDestroyingOnWindows(start)) return
    known.isSaid = true
    say(destroyed(start, starts)).catch((error: unknown) => broken(sentenceOf(error)))
  })
  return { stop: async () => end() }
}
