import { execFile, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { LineFollower, Stop } from './probe.ts'

/** The caller's own PATH is not to be trusted by a process that runs as root; the language decides what programs print. */
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }

/** What a program that only reads prints. Rejects when it is missing, fails, or takes over ten seconds. */
export function output(program: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { env: environment, timeout: 10_000, maxBuffer: 4_194_304 }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    )
  })
}

/** Lines of a program that runs until it is stopped. `onEnd` is told when it ends by itself. */
export function lines(program: string, args: string[], follower: LineFollower, more: Record<string, string> = {}): Stop {
  const child = spawn(program, args, { env: { ...environment, ...more }, stdio: ['ignore', 'pipe', 'ignore'] })
  let isStopped = false
  const end = (reason: string): void => {
    if (!isStopped) follower.onEnd(reason)
    isStopped = true
  }
  createInterface({ input: child.stdout }).on('line', (line) => isStopped || follower.onLine(line))
  child.on('error', (error) => end(`${program} can't be started: ${error.message}`))
  child.on('close', (code) => end(`${program} ended with code ${code ?? 'unknown'}`))
  return () => {
    isStopped = true
    child.kill('SIGTERM')
  }
}
