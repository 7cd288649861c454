import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { sweepClock } from './clock.ts'

/*
 * One process of the chaos, kept running as a service manager would: who ends by itself is counted and started again.
 * Faults take it one at a time (`alone`), so that nobody starts what another one has just killed.
 */
export interface Program {
  file: string
  args: readonly string[]
  env?: NodeJS.ProcessEnv
}

const startAgainAfterMs = 1_000

export class Side {
  readonly name: string
  readonly logFile: string
  /** How often it was started. */
  starts = 0
  /** How it ended without us, oldest first. */
  readonly falls: string[] = []
  /** How often it could not run because its disk was full; nobody can blame it for that. */
  starved = 0
  readonly #program: () => Program
  readonly #isStarving: () => boolean
  #child: ChildProcess | undefined
  #isWanted = false
  #output = ''
  #turn: Promise<unknown> = Promise.resolve()
  #ended: Promise<unknown> = Promise.resolve()

  constructor(name: string, logFile: string, program: () => Program, isStarving = () => false) {
    this.name = name
    this.logFile = logFile
    this.#program = program
    this.#isStarving = isStarving
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** One fault after another; resolves with what `work` does. */
  alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }

  start(): void {
    if (this.#child) return
    this.#isWanted = true
    this.starts += 1
    this.#output = ''
    const { file, args, env = {} } = this.#program()
    const log = openSync(this.logFile, 'a')
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', log], env: { ...process.env, ...env } })
    this.#child = child
    child.stdin?.on('error', () => undefined)
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output = (this.#output + text).slice(-100_000)
      writeSync(log, text)
    })
    this.#ended = once(child, 'close').then(([code, signal]) => {
      closeSync(log)
      this.#gone(child, String(signal ?? `exit code ${code}`))
    })
  }

  /** SIGKILL, or another signal that ends it; resolves once it is gone. */
  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    this.#isWanted = false
    this.#child?.kill(signal)
    await this.#ended
  }

  /** SIGSTOP or SIGCONT. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal)
  }

  tell(line: string): void {
    this.#child?.stdin?.write(`${line}\n`)
  }

  /** The first match in what this life of it has printed, waited for. */
  async prints(pattern: RegExp, withinMs = 60_000): Promise<RegExpExecArray> {
    const giveUpAt = performance.now() + withinMs
    for (;;) {
      const match = pattern.exec(this.#output)
      if (match) return match
      if (performance.now() > giveUpAt) throw new Error(`${this.name} did not print ${pattern} within ${withinMs} ms:\n${this.tail()}`)
      await sleep(50)
    }
  }

  /** The end of its log, for a message. */
  tail(): string {
    return readFileSync(this.logFile, 'utf8').slice(-2_000)
  }

  #gone(child: ChildProcess, how: string): void {
    if (this.#child === child) this.#child = undefined
    if (child.pid !== undefined) sweepClock(child.pid)
    if (!this.#isWanted) return
    if (this.#isStarving()) this.starved += 1
    else this.falls.push(how)
    setTimeout(() => this.#isWanted && this.start(), startAgainAfterMs)
  }
}
