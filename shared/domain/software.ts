import { z } from 'zod'

/** Whose word it is that something is installed. */
export const PackageSource = z.enum(['dpkg', 'rpm', 'apk', 'registry'])
export type PackageSource = z.infer<typeof PackageSource>

/** More than a machine has; what a hostile one says beyond it is left out, and counted. */
export const maxPackages = 4_000

/** Name and version, as the source says them. */
export const Package = z.tuple([z.string().min(1).max(200), z.string().max(100)])
export type Package = z.infer<typeof Package>

/** What is installed on a machine; told when it changed, in the order of names. */
export const Software = z.object({
  sources: z.array(z.object({ source: PackageSource, packages: z.array(Package).max(maxPackages) })).max(4),
  /** How many more there are. */
  leftOut: z.number().int().nonnegative(),
})
export type Software = z.infer<typeof Software>
