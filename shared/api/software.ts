import { z } from 'zod'
import { PackageSource } from '../domain/software.ts'

const Installed = z.object({ name: z.string(), version: z.string(), source: PackageSource })

/** GET /api/endpoints/:id/software: what its agent said last; `at` is null where it has said nothing. */
export const SoftwareList = z.object({
  at: z.number().int().nullable(),
  packages: z.array(Installed),
  /** How many more it has. */
  leftOut: z.number().int(),
})
export type SoftwareList = z.infer<typeof SoftwareList>

/** GET /api/software */
export const SoftwareQuery = z.object({
  name: z.string().min(1).max(200),
  /** Only versions that are older. */
  below: z.string().min(1).max(100).optional(),
  organisationId: z.string().max(64).optional(),
})
export type SoftwareQuery = z.infer<typeof SoftwareQuery>

export const SoftwareFound = z.object({
  machines: z.array(
    Installed.extend({
      endpoint: z.object({ id: z.string(), hostname: z.string() }),
      organisationId: z.string(),
      at: z.number().int(),
    }),
  ),
  /** There are more machines than are answered with. */
  isCut: z.boolean(),
})
export type SoftwareFound = z.infer<typeof SoftwareFound>
