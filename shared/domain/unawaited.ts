import { sentenceOf } from './fault.ts'

/** The part of a logger that is needed. */
interface ErrorLog {
  error(about: object, whatFailed: string): void
}

/** Work that nobody waits for. What becomes of it is logged here, because a rejection that nobody takes would end the process. */
export function unawaited(work: Promise<unknown>, log: ErrorLog, whatFailed: string): void {
  work.catch((error: unknown) => log.error({ reason: sentenceOf(error) }, whatFailed))
}
