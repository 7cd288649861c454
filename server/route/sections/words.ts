import { z } from 'zod'
import { Tag as EndpointTag } from '#shared/domain/endpoint.ts'

/*
 * The words that sections of a matrix share. What is short in YAML ("15m", one value for every role) is written out here,
 * so that the stages meet one form only. Each is a schema of what people write as well: editors complete it.
 */

export const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** "15m" → milliseconds. */
export const Duration = z
  .string()
  .meta({ description: 'How long: 30s, 15m, 4h, 7d' })
  .transform((text, context) => {
    const match = /^(\d{1,6})\s*([smhd])$/.exec(text)
    if (!match) return refuse(context, `"${text}" is no duration; write 30s, 15m, 4h or 7d`)
    return Number(match[1]) * unitMs[match[2] as keyof typeof unitMs]
  })

export const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time of day such as 08:00')
export const Name = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'expected a name in lower case, such as tier1')
export const KindPattern = z
  .string()
  .regex(/^(\*|[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)*(\.\*)?)$/, 'expected a kind, a beginning such as network.*, or *')

export const Tag = EndpointTag

export type PerRole<Value> = { workstation: Value; server: Value; core: Value }

/** One value, or one per role. */
export function perRole<Value>(schema: z.ZodType<Value, unknown>) {
  const each = z.strictObject({ workstation: schema, server: schema, core: schema })
  return z
    .union([schema, each])
    .transform((value): PerRole<Value> => (isPerRole(value) ? value : { workstation: value, server: value, core: value }))
}

const isPerRole = <Value>(value: Value | PerRole<Value>): value is PerRole<Value> =>
  typeof value === 'object' && value !== null && 'workstation' in value

/** One, or a list. */
export const oneOrMore = <Schema extends z.ZodType>(schema: Schema) =>
  z.union([schema, z.array(schema).min(1)]).transform((value): z.output<Schema>[] => (Array.isArray(value) ? value : [value]))

export function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message })
  return z.NEVER
}
