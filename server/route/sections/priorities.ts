import { z } from 'zod'
import { Impact as ImpactLevel, Priority, Urgency as UrgencyLevel } from '#shared/domain/priority.ts'
import { Severity } from '#shared/domain/severity.ts'

/** How much is hit. */
export const Impact = z.strictObject({
  byRole: z.strictObject({ workstation: ImpactLevel, server: ImpactLevel, core: ImpactLevel }),
  ofSecurityAtLeast: z.partialRecord(Severity, ImpactLevel),
})

/** How soon it hurts. */
export const Urgency = z.record(Severity, UrgencyLevel)

/** impact: { urgency: priority } */
export const Grid = z.record(ImpactLevel, z.record(UrgencyLevel, Priority))
