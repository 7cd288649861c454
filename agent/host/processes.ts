import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { sentenceOf } from '#shared/domain/fault.ts'
import { printable } from '#shared/domain/printable.ts'
import type { ProcessNamed } from '#shared/domain/process.ts'

/*
 * Processes of this machine (Linux). Enters: a number and when that process began, so that no later one of the same
 * number is meant. Leaves: what it is; a signal to it. Promises: never one of the system's own, of the kernel's, or of
 * this agent's line. On failure: an answer that says why.
 * Threat: a command that takes the machine down, or the agent off it, by ending what everything stands on.
 */
export interface Processes {
  find(named: ProcessNamed): Found
  /** All that descend from it now. */
  below(named: ProcessNamed): ProcessNamed[]
  /** To exactly this process, after looking once more. */
  signal(named: ProcessNamed, signal: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM' | 'SIGKILL'): Found
}

export type Found = { kind: 'process'; name: string; state: string } | { kind: 'gone' } | { kind: 'spared'; reason: string }

/** Where the system's own programs lie, and nothing that people install. */
const systemPrograms = [/^\/(usr\/)?lib\/systemd\//, /^\/(usr\/)?sbin\/init$/, /^\/usr\/bin\/dbus-(daemon|broker|broker-launch)$/]

export function openProcesses(root = '/proc', ownPid = process.pid, send: typeof process.kill = process.kill): Processes {
  const find: Processes['find'] = ({ pid, startTicks }) => {
    const stat = statOf(root, pid)
    if (!stat || stat.startTicks !== startTicks || stat.state === 'Z') return { kind: 'gone' }
    const reason = whySpared(root, pid, stat, ownPid)
    return reason === undefined ? { kind: 'process', name: stat.name, state: stat.state } : { kind: 'spared', reason }
  }
  return {
    find,
    below: (named) => (find(named).kind === 'process' ? belowIn(root, named.pid) : []),
    signal: (named, signal) => {
      const found = find(named)
      return found.kind === 'process' ? (whyNotSent(() => send(named.pid, signal)) ?? found) : found
    },
  }
}

/** It may end between the look and the signal, or be another user's: an answer, like any other. */
function whyNotSent(send: () => void): Found | undefined {
  try {
    send()
    return undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return { kind: 'gone' }
    return { kind: 'spared', reason: sentenceOf(error) }
  }
}

interface Stat {
  name: string
  state: string
  parent: number
  startTicks: number
  session: number
  /** Number of its terminal; 0 when it has none. */
  terminal: number
}

/** proc(5): the name stands in brackets and may hold any character, so fields are counted after the last one. */
export function statOf(root: string, pid: number): Stat | undefined {
  const text = readIfThere(join(root, String(pid), 'stat'))
  if (text === undefined) return undefined
  const end = text.lastIndexOf(')')
  const [state = '', parent = '0', ...rest] = text.slice(end + 2).split(' ')
  const [, session = '0', terminal = '0'] = rest
  return {
    ...{ name: printable(text.slice(text.indexOf('(') + 1, end)), state, parent: Number(parent), startTicks: Number(rest[17]) },
    ...{ session: Number(session), terminal: Number(terminal) },
  }
}

function whySpared(root: string, pid: number, { parent, name }: Stat, ownPid: number): string | undefined {
  if (pid === 1) return 'it is the first process of the system'
  if (pid === 2 || parent === 2) return `${name} is the kernel’s`
  if (lineOf(root, ownPid).includes(pid)) return 'this agent runs in it or below it'
  const program = programOf(root, pid)
  return systemPrograms.some((pattern) => pattern.test(program)) ? `${program} is the system’s own` : undefined
}

function belowIn(root: string, top: number): ProcessNamed[] {
  const first = childrenOf(root, top)
  if (first === undefined) return belowInAll(root, top)
  const found = namedIn(root, first)
  // A loop over a list that grows: each one's children stand behind it.
  for (const { pid } of found) found.push(...namedIn(root, childrenOf(root, pid) ?? []))
  return found
}

const namedIn = (root: string, pids: readonly number[]): ProcessNamed[] =>
  pids.flatMap((pid) => {
    const stat = statOf(root, pid)
    return stat ? { pid, startTicks: stat.startTicks } : []
  })

/** By the kernel's own lists, one a thread; undefined where it keeps none (CONFIG_PROC_CHILDREN), or the process is gone. */
function childrenOf(root: string, pid: number): number[] | undefined {
  const folder = join(root, String(pid), 'task')
  const lists = namesIn(folder).flatMap((thread) => readIfThere(join(folder, thread, 'children')) ?? [])
  return lists.length === 0 ? undefined : lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number))
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** By everybody's parent: each process of the machine is read, which takes ten milliseconds and more. */
function belowInAll(root: string, top: number): ProcessNamed[] {
  const children = new Map<number, ProcessNamed[]>()
  for (const pid of pidsIn(root)) {
    const stat = statOf(root, pid)
    if (stat) children.set(stat.parent, [...(children.get(stat.parent) ?? []), { pid, startTicks: stat.startTicks }])
  }
  const found = [...(children.get(top) ?? [])]
  // A loop over a list that grows: each one's children stand behind it.
  for (const { pid } of found) found.push(...(children.get(pid) ?? []))
  return found
}

/** The process, its parent, and so on up to the first. */
function lineOf(root: string, pid: number): number[] {
  const line: number[] = []
  for (let next = pid; next > 1 && !line.includes(next); next = statOf(root, next)?.parent ?? 0) line.push(next)
  return line
}

function programOf(root: string, pid: number): string {
  try {
    return readlinkSync(join(root, String(pid), 'exe'))
  } catch {
    // Another user's, and we are not root: then it can't be signalled either.
    return ''
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Numbers of all that run now. */
/** `0.20 0.18 0.12 1/80 11206` (proc_loadavg(5)): the last number, or undefined where none stands. */
export function lastBorn(loadavg: string): number | undefined {
  const [, pid] = /\s(\d+)\s*$/.exec(loadavg) ?? []
  return pid === undefined ? undefined : Number(pid)
}

export const pidsIn = (root = '/proc'): number[] =>
  readdirSync(root)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
