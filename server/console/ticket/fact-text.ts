import type { z } from 'zod'
import type { FactValue } from '#shared/domain/signal.ts'
import { bytes, percent } from '../words/quantities.ts'

/** The latest instant that a Date can say, in milliseconds. */
const lastInstant = 8.64e15

/** A fact for people. Its name carries its unit, as everywhere in the product: …Bytes, …Ratio, …Ms, …At. */
export function factText(name: string, value: z.infer<typeof FactValue>): string {
  if (typeof value === 'number') {
    if (/bytes$/i.test(name)) return bytes(value)
    if (/ratio$/i.test(name)) return percent(value)
    if (/ms$/i.test(name)) return `${value} ms`
    if (/At$/.test(name) && Math.abs(value) <= lastInstant) return exactInstant(value)
  }
  if (Array.isArray(value)) return value.join('\n')
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return value === null ? '–' : String(value)
}

/** Evidence is compared with logs of other machines: to the millisecond, and in nobody's own time zone. */
const exactInstant = (at: number): string => new Date(at).toISOString().replace('T', ' ').replace('Z', ' UTC')
