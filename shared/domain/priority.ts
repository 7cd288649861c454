import { z } from 'zod'

/** What we owe. P1 is the highest; the grid and its source stand in the matrix. */
export const Priority = z.enum(['P1', 'P2', 'P3', 'P4'])
export type Priority = z.infer<typeof Priority>

/** ITIL's two sides of a priority. */
export const Impact = z.enum(['high', 'medium', 'low'])
export type Impact = z.infer<typeof Impact>
export const Urgency = z.enum(['high', 'medium', 'low'])
export type Urgency = z.infer<typeof Urgency>

/** Negative when `a` is more pressing than `b`. */
export function comparePriority(a: Priority, b: Priority): number {
  return Priority.options.indexOf(a) - Priority.options.indexOf(b)
}
