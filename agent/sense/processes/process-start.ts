import type { ProcessFacts } from '../../host/process-facts.ts'

/** A program that began to run. What its owner chose (names, arguments) may hold secrets, and is masked where it is shown. */
export interface ProcessStart {
  /** Epoch ms at which it was noticed. */
  at: number
  pid: number
  parentPid: number
  image: string
  commandLine: string
  user: string
  directory: string | undefined
  parentImage: string
  parentCommandLine: string
  source: 'auditd' | 'sweep' | 'sysmon' | 'security'
  /** Of the program's file; it comes a moment later, or not at all. */
  sha256?: string
}

/** In the words of rules (Sysmon's, as Sigma's taxonomy names them for Linux too). */
export function sigmaEventOf(start: ProcessStart): Record<string, unknown> {
  return {
    ...{ logsource: { product: 'linux', category: 'process_creation' }, at: start.at, Image: start.image, CommandLine: start.commandLine },
    ...{ User: start.user, ProcessId: start.pid, ParentProcessId: start.parentPid, ParentImage: start.parentImage },
    ...{ ParentCommandLine: start.parentCommandLine, ...(start.directory !== undefined && { CurrentDirectory: start.directory }) },
  }
}

export interface StartContext {
  at: number
  parent: ProcessFacts | undefined
  userOf(userId: number): string
}

export function startOf(facts: ProcessFacts, { at, parent, userOf }: StartContext): ProcessStart {
  return {
    ...{ at, pid: facts.pid, parentPid: facts.parent, image: facts.exe, commandLine: facts.commandLine, user: userOf(facts.userId) },
    ...{ directory: undefined, parentImage: parent?.exe ?? '', parentCommandLine: parent?.commandLine ?? '', source: 'sweep' },
  }
}

/** `name:x:1000:…` of passwd(5); who isn't listed there is named by number. */
export function readUsers(passwd: string): (userId: number) => string {
  const names = new Map(
    passwd.split('\n').map((line): [number, string] => {
      const [name = '', , id = ''] = line.split(':')
      return [Number.parseInt(id, 10), name]
    }),
  )
  return (userId) => names.get(userId) ?? String(userId)
}
