import { readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { statOf } from './processes.ts'

/** A process as /proc shows it. Names and arguments are whatever its owner wants them to be. */
export interface ProcessFacts {
  pid: number
  /** In ticks since boot: with the number, it names this process and no later one. */
  startTicks: number
  parent: number
  name: string
  /** The program's file; '' where it can't be seen. */
  exe: string
  commandLine: string
  /** Its user's number; -1 where it can't be seen. */
  userId: number
  /** It leads a session that a person types into: a shell at a terminal. */
  leadsTerminal: boolean
}

/** What people can read of a command line; the kernel would give two megabytes. */
const maxCommandLine = 4_096

/** Synchronous: what is asked for may be gone a millisecond later, and /proc waits for no disk. */
export function readProcess(root: string, pid: number): ProcessFacts | undefined {
  const stat = statOf(root, pid)
  if (!stat) return undefined
  const folder = join(root, String(pid))
  return {
    ...{ pid, startTicks: stat.startTicks, parent: stat.parent, name: stat.name },
    exe: withoutControls(ifThere(() => readlinkSync(join(folder, 'exe'))) ?? ''),
    commandLine: commandLineOf(ifThere(() => readFileSync(join(folder, 'cmdline'), 'utf8')) ?? ''),
    userId: ifThere(() => statSync(folder).uid) ?? -1,
    leadsTerminal: stat.session === pid && stat.terminal !== 0,
  }
}

/** Arguments are divided by zero bytes. Lines and control characters would be read as something else wherever this is shown. */
const commandLineOf = (text: string): string => withoutControls(text.slice(0, maxCommandLine).replace(/\0+$/, '').replaceAll('\0', ' '))

/** What rules look for (a direction that is turned around) stays; where it is shown, that goes too. */
const withoutControls = (text: string): string => text.replace(/\p{Cc}/gu, '�')

function ifThere<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch {
    // Gone, the kernel's own, or another user's.
    return undefined
  }
}
