import type { Stop } from '../../host/probe.ts'

/** Lines of the logs with sign-ins, wherever this machine keeps them, from whoever follows them to whoever else judges them. */
export class LogonLines {
  readonly #listeners = new Set<(line: string) => void>()

  tell(line: string): void {
    for (const listener of this.#listeners) listener(line)
  }

  /** Answers its end. */
  listen(listener: (line: string) => void): Stop {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
