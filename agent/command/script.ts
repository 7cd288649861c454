import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Time } from '#shared/domain/time.ts'

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
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', HOME: '/' }

export async function runScript(folder: string, script: string, timeoutMs: number, time: Time): Promise<ScriptEnded> {
  const own = await mkdtemp(join(folder, 'script-'))
  try {
    const file = join(own, 'script.sh')
    await writeFile(file, script, { mode: 0o700 })
    return await run(file, own, timeoutMs, time)
  } finally {
    await rm(own, { recursive: true, force: true })
  }
}

function run(file: string, cwd: string, timeoutMs: number, time: Time): Promise<ScriptEnded> {
  return new Promise((resolve, reject) => {
    // A group of its own, so that what it started can be ended with it.
    const child = spawn('/bin/sh', [file], { cwd, env: environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const said = collect([child.stdout, child.stderr])
    let endedBy: ScriptEnded['endedBy'] = 'itself'
    const end = (): void => {
      if (child.pid !== undefined) killGroup(child.pid)
    }
    const cancelLimit = time.after(timeoutMs, () => {
      endedBy = 'time limit'
      end()
    })
    child.on('error', reject)
    // What it left running in the background would hold the streams open.
    child.on('exit', end)
    child.on('close', (exitCode) => {
      cancelLimit()
      resolve({ exitCode, ...said(), endedBy })
    })
  })
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function collect(streams: readonly NodeJS.ReadableStream[]): () => { text: string; isCut: boolean } {
  const chunks: Buffer[] = []
  let bytes = 0
  for (const stream of streams)
    stream.on('data', (chunk: Buffer) => {
      if (bytes < maxOutputBytes) chunks.push(chunk.subarray(0, maxOutputBytes - bytes))
      bytes += chunk.length
    })
  return () => ({ text: Buffer.concat(chunks).toString('utf8'), isCut: bytes > maxOutputBytes })
}
