import { readFileSync } from 'node:fs'

/** Linux counts processor time in hundredths of a second (USER_HZ, fixed for user space). */
const msPerTick = 10

/** Processor time a process has used so far, in milliseconds; 0 where there is no /proc. */
export function cpuMs(pid: number): number {
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * msPerTick
}

/** Memory it holds now, in MiB. */
export function rssMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1_024
}

function read(file: string): string {
  return process.platform === 'linux' ? readFileSync(file, 'utf8') : ''
}
