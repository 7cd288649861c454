import type { z } from 'zod'
import type { FactValue } from '#shared/domain/signal.ts'
import { bytes, percent } from '../words/quantities.ts'

/** A fact for people. Its name carries its unit, as everywhere in the product: …Bytes, …Ratio, …Ms. */
export function factText(name: string, value: z.infer<typeof FactValue>): string {
  if (typeof value === 'number') {
    if (/bytes$/i.test(name)) return bytes(value)
    if (/ratio$/i.test(name)) return percent(value)
    if (/ms$/i.test(name)) return `${value} ms`
  }
  if (Array.isArray(value)) return value.join('\n')
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return value === null ? '–' : String(value)
}
