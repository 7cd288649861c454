import type { z } from 'zod'
import type { Risk } from '../domain/command.ts'

/** A command describes itself in one file; both ends read it. */
export interface CommandDefinition<Args extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  verb: string
  /** One sentence for the console. */
  title: string
  args: Args
  output: Output
  risk: Risk
  /** How long an unsent one stays worth running. */
  ttlMs: number
  /** Running it twice does what running it once does, so a crash in the middle may run it again. */
  isIdempotent: boolean
  /** Against an attack: it passes whatever waits, on both sides, and no switch for scripts is about it. */
  isUrgent?: true
}

export function defineCommand<Args extends z.ZodType, Output extends z.ZodType>(
  definition: CommandDefinition<Args, Output>,
): CommandDefinition<Args, Output> {
  return definition
}
