import type { Logger } from 'pino'
import type { Role } from '#shared/domain/endpoint.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import { days, type Time } from '#shared/domain/time.ts'
import { unawaited } from '#shared/domain/unawaited.ts'

/** An attack waits no longer for a look at what this machine is for. */
const patienceMs = 50
/** Whoever is about to attack a core machine stops first what makes it one. */
const coreForMs = days(1)

export interface OwnRoleNeeds {
  /** By whoever let this machine in; undefined: they didn't say. */
  said: Role | undefined
  look(): Promise<Role>
  time: Time
  log: Logger
}

/**
 * What this machine is for, as a person said, or else by its own facts of now; never by the collector's word. Whenever it
 * is asked it looks again: whoever made it core since its start is right at once. Where looking takes longer than an
 * attack can wait, the last that was seen holds; and core holds for a day after it was last seen.
 */
export function openOwnRole({ said, look, time, log }: OwnRoleNeeds): () => Promise<Role> {
  if (said && said !== 'unknown') return () => Promise.resolve(said)
  let seen: Role | undefined
  let coreUntil = Number.NEGATIVE_INFINITY
  let looking: Promise<Role> | undefined
  const lookNow = async (): Promise<Role> => {
    try {
      const found = await look()
      const now = time.monotonic()
      if (found === 'core') coreUntil = now + coreForMs
      seen = now < coreUntil ? 'core' : found
    } catch (error) {
      log.warn({ reason: sentenceOf(error) }, 'what this machine is for could not be found out')
      seen ??= 'unknown'
    }
    return seen ?? 'unknown'
  }
  const lookOnce = (): Promise<Role> => {
    looking ??= lookNow().finally(() => {
      looking = undefined
    })
    return looking
  }
  unawaited(lookOnce(), log, 'what this machine is for could not be found out')
  return async () => {
    const last = seen
    const fresh = lookOnce()
    if (last === undefined) return fresh
    const { promise, resolve } = Promise.withResolvers<Role>()
    const cancel = time.after(patienceMs, () => resolve(seen ?? last))
    fresh.then(resolve, () => resolve(seen ?? last))
    return promise.finally(cancel)
  }
}
