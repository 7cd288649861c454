import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import type { Interpreter } from '#shared/commands/run-script.ts'
import type { Time } from '#shared/domain/time.ts'
import type { Host } from '../host/host.ts'
import { bounded } from './diagnostics.ts'
import type { Live } from './live.ts'

/*
 * Runs a script as this agent's user. Enters: its text and a time limit. Leaves: how it ended and the first 64 KiB of what
 * it said, both streams as they came. Promises: when its time is up, it and every process of its group end; the text lies
 * on disk only while it runs, for its owner's eyes. Threat: output that fills memory, a child that outlives its script.
 */
export interface ScriptEnded {
  exitCode: number | null
  text: string
  isCut: boolean
  endedBy: 'itself' | 'time limit'
}

const maxOutputBytes = 65_536
/** As JSON writes it, where a control character takes six bytes; a record holds a quarter more. */
const maxWrittenBytes = 196_608
/** For what a script wrote before its end to be read. */
const lastWordsMs = 1_000
const prefix = 'script-'
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', HOME: '/' }

/** What a crash of this agent left there, text and all. */
export async function removeLeftScripts(folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => [])
  const left = names.filter((name) => name.startsWith(prefix))
  await Promise.all(left.map((name) => rm(join(folder, name), { recursive: true, force: true })))
}

export interface Script {
  text: string
  interpreter: Interpreter
}

interface Tools {
  host: Pick<Host, 'inFront'>
  time: Time
  live: Live
}

export async function runScript(folder: string, script: Script, timeoutMs: number, tools: Tools): Promise<ScriptEnded> {
  const own = await mkdtemp(join(folder, prefix))
  try {
    const file = join(own, 'script')
    await writeFile(file, script.text, { mode: 0o700 })
    return await run([script.interpreter, file], own, timeoutMs, tools)
  } finally {
    await rm(own, { recursive: true, force: true })
  }
}

function run(
  [interpreter, file]: [Interpreter, string],
  cwd: string,
  timeoutMs: number,
  { host, time, live }: Tools,
): Promise<ScriptEnded> {
  return new Promise((resolve, reject) => {
    // A group of its own, so that what it started can be ended with it.
    const child = host.inFront(() =>
      spawn(interpreter, [file], { cwd, env: environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] }),
    )
    const said = collect([child.stdout, child.stderr])
    for (const stream of [child.stdout, child.stderr]) tellLive(stream, live)
    let endedBy: ScriptEnded['endedBy'] = 'itself'
    const end = (): void => {
      if (child.pid !== undefined) killGroup(child.pid)
    }
    const cancelLimit = time.after(timeoutMs, () => {
      endedBy = 'time limit'
      end()
    })
    child.on('error', reject)
    // What it left running in the background would hold the streams open; so would what left its group.
    child.on('exit', () => {
      cancelLimit()
      end()
      time.after(lastWordsMs, () => {
        child.stdout.destroy()
        child.stderr.destroy()
      })
    })
    child.on('close', (exitCode) => {
      resolve({ exitCode, ...said(), endedBy })
    })
  })
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // It is gone, or runs as somebody whose processes this agent may not end: the number was given away, or it has setuid.
    if (!['ESRCH', 'EPERM'].includes(String((error as NodeJS.ErrnoException).code))) throw error
  }
}

/** Characters whole, however the chunks fell. */
function tellLive(stream: NodeJS.ReadableStream, live: Live): void {
  const decoder = new StringDecoder('utf8')
  stream.on('data', (chunk: Buffer) => live.output(decoder.write(chunk)))
}

function collect(streams: readonly NodeJS.ReadableStream[]): () => { text: string; isCut: boolean } {
  const chunks: Buffer[] = []
  let bytes = 0
  for (const stream of streams)
    stream.on('data', (chunk: Buffer) => {
      if (bytes < maxOutputBytes) chunks.push(chunk.subarray(0, maxOutputBytes - bytes))
      bytes += chunk.length
    })
  return () => {
    const kept = bounded(Buffer.concat(chunks), maxWrittenBytes)
    return { text: kept.toString('utf8'), isCut: kept.length < bytes }
  }
}
