import { hours, minutes } from '#shared/domain/time.ts'
import type { DiskReading } from '../../host/probe.ts'
import type { Finding } from '../../signal/signal.ts'

export type Store = DiskReading & { inodes?: number; inodesFree?: number }

/** How much was free, every ten minutes for the last three hours, oldest first. */
export type Course = { at: number; freeBytes: number }[]

const stepMs = minutes(10)
const keptSteps = 19
const gib = 1_073_741_824

export function courseOf(course: Course = [], { freeBytes }: Store, at: number): Course {
  const last = course.at(-1)
  return last && at - last.at < stepMs ? course : [...course, { at, freeBytes }].slice(-keptSteps)
}

/**
 * Whole hours until nothing is free, if it goes on as over the whole course (least squares); undefined when it doesn't
 * shrink, or hasn't been watched for long enough. One big copy is a step and not a trend: at least the last third must
 * shrink as well.
 */
export function hoursUntilFull(course: Course | undefined, { freeBytes }: Store, watchedMs: number): number | undefined {
  const [first, last] = [course?.[0], course?.at(-1)]
  if (!course || !first || !last || last.at - first.at < watchedMs) return undefined
  const recent = course.slice(-Math.ceil(course.length / 3))
  const rate = Math.max(slopeOf(course), slopeOf(recent))
  return rate >= 0 ? undefined : Math.floor(freeBytes / -rate / hours(1))
}

/** Bytes per millisecond. */
function slopeOf(course: Course): number {
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const [at, free] = [mean(course.map((step) => step.at)), mean(course.map((step) => step.freeBytes))]
  const above = course.reduce((sum, step) => sum + (step.at - at) * (step.freeBytes - free), 0)
  const below = course.reduce((sum, step) => sum + (step.at - at) ** 2, 0)
  return below === 0 ? 0 : above / below
}

/** Two percent and 1 GiB of leeway for what stands already. */
export function isShort(store: Store, usedPercent: number, freeBytes: number, doesStand: boolean): boolean {
  return store.usedRatio > usedPercent / 100 - (doesStand ? 0.02 : 0) && store.freeBytes < freeBytes + (doesStand ? gib : 0)
}

/** File systems that make inodes as they go (btrfs, zfs) say that they have none. */
export function inodesFound({ mount, inodes = 0, inodesFree = 0 }: Store, percent: number, doesStand: boolean): Finding[] {
  const usedPercent = inodes === 0 ? 0 : ((inodes - inodesFree) / inodes) * 100
  if (usedPercent <= percent - (doesStand ? 2 : 0)) return []
  const summary = `${mount} has room for ${inodesFree} more files only: ${Math.floor(usedPercent)} % of its inodes are used`
  return [{ kind: 'health.disk.full', severity: 'medium', about: `${mount} (inodes)`, summary, facts: { mount, inodes, inodesFree } }]
}
