/** An error that somebody has to act on. Expected outcomes are union values instead. */
export class Fault extends Error {
  readonly code: string
  readonly isRetryable: boolean

  /** @param code kebab-case; @param message one sentence that says what to do, never holding a secret. */
  constructor(code: string, message: string, options: { cause?: unknown; isRetryable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Fault'
    this.code = code
    this.isRetryable = options.isRetryable ?? false
  }
}

/** One sentence about anything that was thrown, for a log line or a refusal. */
export function sentenceOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
