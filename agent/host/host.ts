import { spawn } from 'node:child_process'
import { type Conversation, converse, type Hearer } from './conversation.ts'

/*
 * The port to the machine that may change it. Enters: a program's name, its arguments as a list, text for its stdin.
 * Leaves: how it ended. Promises: no shell is ever involved, the environment is fixed, and a program that hangs is
 * killed. On failure: the outcome says so; it never throws. Threat: text that turns into a second command.
 */

export type Ended =
  | { kind: 'ended'; code: number; stdout: string; stderr: string }
  | { kind: 'missing'; program: string }
  | { kind: 'timed-out'; program: string; timeoutMs: number }

export interface Host {
  run(program: string, args: readonly string[], options: { stdin?: string; timeoutMs: number }): Promise<Ended>
  /** A program that goes on until it is ended, or this process is. */
  converse(program: string, args: readonly string[], hearer: Hearer): Conversation
}

/** More than any program we start has to say. */
const maxOutputBytes = 1_048_576
/** Where system programs live; the caller's own PATH is not to be trusted by a process that runs as root. */
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }

export function createHost(): Host {
  return { run, converse }
}

function run(program: string, args: readonly string[], options: { stdin?: string; timeoutMs: number }): Promise<Ended> {
  const { stdin = '', timeoutMs } = options
  return new Promise((resolve) => {
    const child = spawn(program, args, { env: environment, timeout: timeoutMs, killSignal: 'SIGKILL', stdio: 'pipe' })
    const stdout = collect(child.stdout)
    const stderr = collect(child.stderr)
    child.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? { kind: 'missing', program } : { kind: 'ended', code: -1, stdout: '', stderr: error.message }),
    )
    child.on('close', (code, killedBy) =>
      resolve(
        killedBy === 'SIGKILL'
          ? { kind: 'timed-out', program, timeoutMs }
          : { kind: 'ended', code: code ?? -1, stdout: stdout(), stderr: stderr() },
      ),
    )
    // A program that ends before it has read everything breaks the pipe; how it ended says enough.
    child.stdin.on('error', () => undefined)
    child.stdin.end(stdin)
  })
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = []
  let size = 0
  stream.on('data', (chunk: Buffer) => {
    if (size < maxOutputBytes) chunks.push(chunk)
    size += chunk.length
  })
  return () => Buffer.concat(chunks).toString('utf8')
}
