import { type ChildProcess, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import type { IsolationStatus } from '#shared/domain/endpoint.ts'

/** test/support/isolating.ts, talked to. */
export class IsolatingProcess {
  readonly happened: unknown[] = []
  readonly reported: unknown[] = []
  /** What the collector's name meant, each time that it was asked. */
  readonly resolved: string[][] = []
  /** What the last drill came to. */
  drilled: unknown
  readonly #child: ChildProcess
  readonly #lines: Interface
  readonly #ended: Promise<unknown>
  readonly #waiting: ((status: IsolationStatus) => void)[] = []

  constructor(child: ChildProcess) {
    this.#child = child
    this.#ended = once(child, 'exit')
    if (!child.stdout) throw new Error('no pipe')
    child.stderr?.pipe(process.stderr)
    this.#lines = createInterface({ input: child.stdout })
    this.#lines.on('line', (line) => {
      const said = JSON.parse(line) as {
        status?: IsolationStatus
        happened?: unknown
        reported?: unknown
        drilled?: unknown
        resolved?: string[]
      }
      if (said.drilled) this.drilled = said.drilled
      if (said.resolved) this.resolved.push(said.resolved)
      if (said.reported) this.reported.push(said.reported)
      if (said.happened) this.happened.push(said.happened)
      if (said.status) this.#waiting.shift()?.(said.status)
    })
  }

  ask(word: string, commandId = 'command-0'): Promise<IsolationStatus> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve)
      void this.#ended.then(() => reject(new Error(`it ended before it answered ${word}`)))
      this.#child.stdin?.write(`${word} ${commandId}\n`)
    })
  }

  async until(actual: IsolationStatus['actual']): Promise<IsolationStatus> {
    let status = await this.ask('status')
    await until(async () => {
      status = await this.ask('status')
      return status.actual === actual
    })
    return status
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async end(signal?: NodeJS.Signals): Promise<void> {
    if (signal) this.#child.kill(signal)
    else this.#child.stdin?.end()
    await this.#ended
  }
}

export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + 8_000
  while (!(await isSo())) {
    if (performance.now() > endsAt) throw new Error('it did not come true within 8 s')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export const listening = (child: ChildProcess): Promise<void> => said(child, 'listening')

export async function said(child: ChildProcess, word: string): Promise<void> {
  child.stderr?.pipe(process.stderr)
  if (!child.stdout) throw new Error('no pipe')
  for await (const line of createInterface({ input: child.stdout })) if (line === word) return
  throw new Error(`it ended without saying ${word}`)
}

export function makeCertificate(): [key: string, certificate: string] {
  const made = execFileSync('openssl', [
    ...['req', '-x509', '-newkey', 'ed25519', '-nodes', '-subj', '/CN=collector', '-days', '2', '-keyout', '-', '-out', '-'],
  ]).toString()
  const parts = made.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----\n/g) ?? []
  return [parts[0] ?? '', parts[1] ?? '']
}
