import { z } from 'zod'

/** Where and why; line and column count from 1. `path`: "routes.3.team". */
export const MatrixRemark = z.object({ line: z.number().int(), column: z.number().int(), path: z.string(), reason: z.string() })
export type MatrixRemark = z.infer<typeof MatrixRemark>

/** GET /api/matrix/versions (staff of the provider), the newest first. */
export const MatrixVersionList = z.object({
  versions: z.array(
    z.object({
      version: z.number().int(),
      /** Name of the person; "Tierline" for what ships, "somebody" for a file or the command line. */
      author: z.string(),
      createdAt: z.number().int(),
    }),
  ),
})

const maxYaml = 500_000
const Yaml = z.string().min(1).max(maxYaml)

/** PUT /api/matrix (power administer, staff of the provider): in force from the next decision on. A bad one is answered 400, each error with its line. */
export const NewMatrix = z.object({ yaml: Yaml })
export const MatrixKept = z.object({ version: z.number().int(), warnings: z.array(MatrixRemark) })

/** POST /api/matrix/replan (power administer, staff of the provider): open tickets take over the plan in force; nothing else touches theirs. */
export const Replanned = z.object({ tickets: z.number().int() })

/** POST /api/matrix/check (power administer, staff of the provider): the same without putting it in force. */
export const MatrixChecked = z.object({ errors: z.array(MatrixRemark), warnings: z.array(MatrixRemark) })
