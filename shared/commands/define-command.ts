import type { z } from 'zod'
import type { Risk } from '../domain/command.ts'
import { Platform } from '../domain/endpoint.ts'

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
  /** Systems on which it is done so far; elsewhere nobody is asked to sign it. */
  platforms: readonly Platform[]
  /** Running it twice does what running it once does, so a crash in the middle may run it again. */
  isIdempotent: boolean
  /** Against an attack: it passes whatever waits, on both sides, and no switch for scripts is about it. */
  isUrgent?: true
}

type Defined<Args extends z.ZodType, Output extends z.ZodType> = Omit<CommandDefinition<Args, Output>, 'platforms'> &
  Partial<Pick<CommandDefinition, 'platforms'>>

export function defineCommand<Args extends z.ZodType, Output extends z.ZodType>(
  definition: Defined<Args, Output>,
): CommandDefinition<Args, Output> {
  return { platforms: Platform.options, ...definition }
}

/** Why a machine of this system can't be asked for it; undefined: it can. */
export const whyNotOn = (definition: CommandDefinition | undefined, platform: Platform): string | undefined =>
  definition && !definition.platforms.includes(platform)
    ? `${definition.verb} is done on ${definition.platforms.join(' and ')} only so far, and this is ${platform}.`
    : undefined
