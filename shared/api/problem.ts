import { z } from 'zod'

/** RFC 9457, with the fields that were wrong. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  /** One sentence that says what to do. */
  detail: z.string(),
  /** Kebab-case; the table of them is server/http/problems.ts. */
  code: z.string(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
})
export type Problem = z.infer<typeof Problem>
