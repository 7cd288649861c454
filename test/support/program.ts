import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'

/** `bin/tierline.mjs` as a process of its own, the way people start it, with what it has printed so far. */
export interface Program {
  pid: number
  output(): string
  errors(): string
  /** The first match in what it prints, now or later; rejects when it ends before, or after `withinMs`. */
  prints(pattern: RegExp, withinMs?: number): Promise<RegExpExecArray>
  /** Sends `signal` and resolves with the exit code and how long that took. */
  stop(signal?: NodeJS.Signals): Promise<{ code: number | null; elapsedMs: number }>
  /** Resolves with the exit code when it ends by itself. */
  ended: Promise<number | null>
}

export const top = join(import.meta.dirname, '../..')

export function startProgram(args: string[], nodeArgs: string[] = []): Program {
  const child = spawn(process.execPath, [...nodeArgs, join(top, 'bin/tierline.mjs'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const text = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.out += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.err += chunk))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return {
    pid: child.pid ?? 0,
    output: () => text.out,
    errors: () => text.err,
    prints: (pattern, withinMs = 30_000) =>
      printed(
        child,
        () => text.out,
        pattern,
        withinMs,
        () => text.err,
      ),
    ended,
    stop: async (signal = 'SIGTERM') => {
      const startedAt = performance.now()
      child.kill(signal)
      return { code: await ended, elapsedMs: performance.now() - startedAt }
    },
  }
}

function printed(
  child: ChildProcess,
  output: () => string,
  pattern: RegExp,
  withinMs: number,
  errors: () => string,
): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${why} before printing ${pattern}:\n${output()}${errors()}`))
    const timer = setTimeout(() => fail(`${withinMs} ms passed`), withinMs)
    const look = (): void => {
      const match = pattern.exec(output())
      if (!match) return
      clearTimeout(timer)
      resolve(match)
    }
    child.stdout?.on('data', look)
    child.once('close', () => fail('it ended'))
    look()
  })
}

/** A port that was free a moment ago, for what has to keep its port over a restart. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
