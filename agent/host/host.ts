import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import type { Cancel, Time } from '#shared/domain/time.ts'
import { type Conversation, converse, type Hearer } from './conversation.ts'
import { ahead, inFront } from './priority.ts'

/*
 * The port to the machine that may change it. Enters: a program's name, its arguments as a list, text for its stdin.
 * Leaves: how it ended. Promises: no shell is ever involved, the environment is fixed, and a program that hangs is killed
 * with all that it started; what it left running (a service) is waited for only while that speaks. On failure: the
 * outcome says so; it never throws. Threat: text that turns into a second command.
 */

export type Ended =
  | { kind: 'ended'; code: number; stdout: string; stderr: string }
  | { kind: 'missing'; program: string }
  | { kind: 'timed-out'; program: string; timeoutMs: number }

export interface RunOptions {
  stdin?: string
  /** Beside the fixed one: nothing of it is in a list of processes, as arguments are. */
  environment?: Readonly<Record<string, string>>
  timeoutMs: number
  /** Each line of its output as it comes; what is too long for one is left out. */
  onLine?(line: string): void
  /** It stands back as this agent does: nobody waits for it, and it leaves nothing running. */
  isBehind?: boolean
}

export interface Host {
  run(program: string, args: readonly string[], options: RunOptions): Promise<Ended>
  /** A program that goes on until it is ended, or this process is. */
  converse(program: string, args: readonly string[], hearer: Hearer): Conversation
  /** Starts a program in a way of the caller's own, where the system starts its own: not behind, as this agent stands. */
  inFront<Child>(start: () => Child): Child
  /** The same, before whatever runs: for what cuts this machine off, and does nothing else. */
  ahead<Child>(start: () => Child): Child
}

/** More than any program we start has to say. */
const maxOutputBytes = 1_048_576
/** Where system programs live; the caller's own PATH is not to be trusted by a process that runs as root. */
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }

export function createHost(time: Time): Host {
  return { run: (program, args, options) => run(program, args, { ...options, time }), converse, inFront, ahead }
}

/**
 * For what it, or a helper that outlives it, says last to be read: until nobody said anything for so long, and no longer than that. A service
 * that it left behind may hold its output open for as long as it lives.
 */
const quietMs = 500
const lastWordsMs = 5_000

function run(program: string, args: readonly string[], options: RunOptions & { time: Time }): Promise<Ended> {
  const { stdin = '', timeoutMs, isBehind = false, time } = options
  const env = { ...options.environment, ...environment }
  return new Promise((resolve) => {
    // A group of its own, so that what it started can be ended with it.
    const start = () => spawn(program, args, { env, detached: isUnix, stdio: 'pipe' })
    const child = isBehind ? start() : inFront(start)
    const stdout = collect(child.stdout)
    if (options.onLine) tellLines(child.stdout, options.onLine)
    const stderr = collect(child.stderr)
    let isLate = false
    const cancelLimit = time.after(timeoutMs, () => {
      isLate = true
      killGroup(child)
    })
    const settle = (): void =>
      resolve(
        isLate
          ? { kind: 'timed-out', program, timeoutMs }
          : { kind: 'ended', code: child.exitCode ?? -1, stdout: stdout(), stderr: stderr() },
      )
    child.on('error', (error: NodeJS.ErrnoException) => {
      cancelLimit()
      resolve(error.code === 'ENOENT' ? { kind: 'missing', program } : { kind: 'ended', code: -1, stdout: '', stderr: error.message })
    })
    child.on('exit', () => {
      cancelLimit()
      onceQuiet(child, time, settle)
    })
    child.on('close', settle)
    // A program that ends before it has read everything breaks the pipe; how it ended says enough.
    child.stdin.on('error', () => undefined)
    child.stdin.end(stdin)
  })
}

const isUnix = process.platform !== 'win32'

function killGroup(child: ChildProcess): void {
  if (!isUnix || child.pid === undefined) return void child.kill('SIGKILL')
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It is gone, or its group runs as somebody whose processes this agent may not end.
    child.kill('SIGKILL')
  }
}

function onceQuiet({ stdout, stderr }: ChildProcessWithoutNullStreams, time: Time, act: () => void): void {
  const until = time.monotonic() + lastWordsMs
  let cancel: Cancel = () => undefined
  const end = (): void => {
    for (const stream of [stdout, stderr]) stream.off('data', wait)
    act()
  }
  const wait = (): void => {
    cancel()
    // What lies there to be read already, on a machine that lets this process wait, is read before it acts.
    cancel = time.after(Math.min(quietMs, Math.max(0, until - time.monotonic())), () => {
      cancel = time.after(0, end)
    })
  }
  for (const stream of [stdout, stderr]) stream.on('data', wait)
  wait()
}

/** A line that never ends is none. */
const maxLineChars = 65_536

function tellLines(stream: NodeJS.ReadableStream, tell: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = (lines.pop() ?? '').slice(0, maxLineChars)
    for (const line of lines) if (line.length < maxLineChars) tell(line)
  })
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = []
  let size = 0
  stream.on('data', (chunk: Buffer | string) => {
    if (size < maxOutputBytes) chunks.push(Buffer.from(chunk))
    size += chunk.length
  })
  return () => Buffer.concat(chunks).toString('utf8')
}
