import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A program that runs on and is told lines. It ends with us: its input is our pipe. */
export interface Conversation {
  say(line: string): void
  /** Resolves once it has ended. */
  end(): Promise<void>
}

export interface Hearer {
  /** Of its output and of its complaints. */
  onLine(line: string): void
  /** It ended by itself, or never began. */
  onEnd(reason: string): void
}

/** The caller's own PATH is not to be trusted by a process that runs as root. Without a home nothing keeps what was typed: nft would, in /. */
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', HOME: '/nonexistent' }

export function converse(program: string, args: readonly string[], { onLine, onEnd }: Hearer): Conversation {
  const child = spawn(program, args, { env: environment, stdio: 'pipe' })
  let isWanted = true
  const ended = new Promise<void>((resolve) => {
    const over = (reason: string): void => {
      if (isWanted) onEnd(reason)
      isWanted = false
      resolve()
    }
    child.on('error', (error) => over(`${program} can't be started: ${error.message}`))
    child.on('close', (code) => over(`${program} ended with code ${code ?? 'unknown'}`))
  })
  for (const output of [child.stdout, child.stderr]) createInterface({ input: output }).on('line', (line) => isWanted && onLine(line))
  // Whoever has ended is told no more; `onEnd` says it.
  child.stdin.on('error', () => undefined)
  return {
    say: (line) => void child.stdin.write(`${line}\n`),
    end: () => {
      isWanted = false
      child.kill('SIGTERM')
      return ended
    },
  }
}
