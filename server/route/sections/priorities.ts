import { z } from 'zod'
import { Impact as ImpactLevel, Priority, Urgency as UrgencyLevel } from '#shared/domain/priority.ts'
import { Severity } from '#shared/domain/severity.ts'
import { KindPattern, Name, Tag } from './words.ts'

/** So many machines, or this share of a site; the share counts from `siteAtLeast` machines on. */
const Machines = z.strictObject({
  machines: z.number().int().min(2),
  sitePercent: z.number().min(1).max(100).optional(),
  siteAtLeast: z.number().int().min(1).default(1),
})

/** What a tag says of its machine: always, while a calendar is open, or on some days of the month. */
const OfTag = z.strictObject({
  impact: ImpactLevel,
  during: Name.optional(),
  daysOfMonth: z.array(z.number().int().min(1).max(31)).min(1).optional(),
})

/** How much is hit: the highest of all that is said here. Who asked is never among it. */
export const Impact = z.strictObject({
  byRole: z.strictObject({ workstation: ImpactLevel, server: ImpactLevel, core: ImpactLevel }),
  ofSecurityAtLeast: z.partialRecord(Severity, ImpactLevel),
  byMachines: z.partialRecord(z.enum(['medium', 'high']), Machines).default({}),
  /** How far their number alone may raise it, and which kinds it may raise further. */
  byMachinesAtMost: z
    .strictObject({ priority: Priority, except: z.array(KindPattern).default([]) })
    .default({ priority: 'P1', except: [] }),
  byTag: z.record(Tag, OfTag).default({}),
  /** Of what people ask for (request.*): fact: { its value: impact } */
  byFact: z.record(z.string(), z.record(z.string(), ImpactLevel)).default({}),
})
export type Impact = z.infer<typeof Impact>

/** How soon it hurts. */
export const Urgency = z.record(Severity, UrgencyLevel)

/** impact: { urgency: priority } */
export const Grid = z.record(ImpactLevel, z.record(UrgencyLevel, Priority))
