import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

/** One side of the story as a process of its own, which a test may end at any moment. */
export interface Side {
  /** The next line it prints; rejects when it ends before. */
  line(): Promise<string>
  /** Every line it has printed. */
  lines: string[]
  kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

export function startSide(script: 'agent.ts' | 'collector.ts', args: string[]): Side {
  const child = spawn(process.execPath, [join(import.meta.dirname, script), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  const lines: string[] = []
  const waiting: ((line: string) => void)[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    for (const tell of waiting.splice(0)) tell(line)
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    lines,
    line: () =>
      new Promise((resolve, reject) => {
        waiting.push(resolve)
        void ended.then(([code, signal]) => reject(new Error(`${script} ended (${signal ?? code}) before it printed anything`)))
      }),
    async kill(signal) {
      child.kill(signal)
      await ended
    },
  }
}
