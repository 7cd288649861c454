import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts processor time in hundredths of a second (USER_HZ, fixed for user space). */
const msPerTick = 10

/** Processor time a process has used so far, in milliseconds; 0 where there is no /proc. */
export const cpuMs = (pid: number): number => sumOf(fieldsOf(pid).slice(11, 13)) * msPerTick

/** The same of the PostgreSQL that this process has started, with its processes that live and those that have ended; 0 without one. */
export function databaseCpuMs(): number {
  const [server] = childrenOf(process.pid).filter((pid) => /\(postgres\)/.test(read(`/proc/${pid}/stat`)))
  if (server === undefined) return 0
  const ended = sumOf(fieldsOf(server).slice(13, 15)) * msPerTick
  return [server, ...childrenOf(server)].reduce((sum, pid) => sum + cpuMs(pid), ended)
}

function childrenOf(parent: number): number[] {
  const pids = process.platform === 'linux' ? readdirSync('/proc').map(Number).filter(Number.isInteger) : []
  return pids.filter((pid) => Number(fieldsOf(pid)[1]) === parent)
}

/** What stands in a process's stat behind its name: its state, its parent, … */
const fieldsOf = (pid: number): string[] =>
  read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')

const sumOf = (numbers: readonly string[]): number => numbers.reduce((sum, number) => sum + Number(number), 0)

/** Memory it holds now, in MiB. */
export function rssMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1_024
}

/** Nothing of a process that is gone meanwhile. */
function read(file: string): string {
  try {
    return process.platform === 'linux' ? readFileSync(file, 'utf8') : ''
  } catch {
    return ''
  }
}
