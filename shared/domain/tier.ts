import { z } from 'zod'

/** The rungs a team stands on. Six by default; a matrix names its own teams on them. */
export const Tier = z.enum(['tier1', 'tier2', 'tier3', 'security', 'field', 'vcio'])
export type Tier = z.infer<typeof Tier>
