import { z } from 'zod'
import { Name, TimeOfDay } from './words.ts'

/** When people work. */
const Calendar = z.union([
  z.literal('always'),
  z.strictObject({
    days: z.array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])).min(1, 'a calendar without a day has no hours'),
    from: TimeOfDay,
    to: z.union([TimeOfDay, z.literal('24:00')]),
    holidays: z.array(z.iso.date()).default([]),
    /** Absent: the zone of the endpoint's site, else of the person who asked, else of the organisation. */
    timeZone: z.string().refine(isTimeZone, 'nobody knows this time zone; write one such as Europe/Berlin').optional(),
  }),
])
export type CalendarHours = z.infer<typeof Calendar>

export const Calendars = z.record(Name, Calendar)

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
