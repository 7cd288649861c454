import { readdirSync, readFileSync } from 'node:fs'
import { rounded } from '../benchmark.ts'

/** What a process has at one moment, its children apart. */
export interface Reading {
  at: number
  privateDirtyKiB: number
  rssKiB: number
  cpuMs: number
  children: { pid: number; privateDirtyKiB: number; cpuMs: number }[]
}

export interface Account {
  /** Highest of all readings. */
  privateDirtyMiB: number
  rssMiB: number
  cpuMsPerMinute: number
  /** Those that lived all the time. */
  children: { count: number; privateDirtyMiB: number; cpuMsPerMinute: number }
}

/** Linux counts processor time in hundredths of a second (USER_HZ, fixed for user space). */
const msPerTick = 10

export function readAccount(pid: number): Reading {
  const children = childrenOf(pid).map((child) => ({ pid: child, privateDirtyKiB: memoryOf(child).privateDirtyKiB, cpuMs: cpuMsOf(child) }))
  return { at: performance.now(), ...memoryOf(pid), cpuMs: cpuMsOf(pid), children }
}

export function accountOf(readings: readonly Reading[]): Account {
  const [first, last] = [readings[0], readings.at(-1)]
  if (!first || !last) throw new Error('nothing was read')
  const perMinute = (ms: number): number => rounded((ms * 60_000) / (last.at - first.at), 0)
  const lasting = last.children.flatMap((child) => {
    const before = first.children.find(({ pid }) => pid === child.pid)
    return before ? [{ ...child, usedMs: child.cpuMs - before.cpuMs }] : []
  })
  return {
    privateDirtyMiB: highestMiB(readings.map(({ privateDirtyKiB }) => privateDirtyKiB)),
    rssMiB: highestMiB(readings.map(({ rssKiB }) => rssKiB)),
    cpuMsPerMinute: perMinute(last.cpuMs - first.cpuMs),
    children: {
      count: lasting.length,
      privateDirtyMiB: rounded(lasting.reduce((sum, { privateDirtyKiB }) => sum + privateDirtyKiB, 0) / 1_024, 1),
      cpuMsPerMinute: perMinute(lasting.reduce((sum, { usedMs }) => sum + usedMs, 0)),
    },
  }
}

const highestMiB = (kibibytes: readonly number[]): number => rounded(Math.max(...kibibytes) / 1_024, 1)

function memoryOf(pid: number): { privateDirtyKiB: number; rssKiB: number } {
  const text = read(`/proc/${pid}/smaps_rollup`)
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)
  return { privateDirtyKiB: field('Private_Dirty'), rssKiB: field('Rss') }
}

function cpuMsOf(pid: number): number {
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * msPerTick
}

const childrenOf = (pid: number): number[] =>
  list(`/proc/${pid}/task`).flatMap((task) => read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number))

/** A child may end while it is looked at. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
