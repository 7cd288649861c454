import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'

/** Work that nobody waits for. What becomes of it is logged here, because a rejection that nobody takes would end the agent. */
export function unawaited(work: Promise<unknown>, log: Pick<Logger, 'error'>, whatFailed: string): void {
  work.catch((error: unknown) => log.error({ reason: sentenceOf(error) }, whatFailed))
}
