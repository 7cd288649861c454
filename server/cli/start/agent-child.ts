import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Fault } from '#shared/domain/fault.ts'
import { minutes, seconds } from '#shared/domain/time.ts'
import { prettyStream } from './log.ts'

/** The agent on this same machine, as a process of its own: the same program that runs anywhere else. */
export interface AgentProgram {
  /** Where the project lies. */
  top: string
  dataDir: string
  isIsolationAllowed: boolean
}

export interface AgentChild {
  /** Passes on the signal that asked for it: the agent says goodbye with the reason it reads in that. */
  stop(signal: NodeJS.Signals): Promise<void>
}

const longestPauseMs = minutes(1)
/** After this long it counts as well, and the next fall starts again with a short pause. */
const wellAfterMs = minutes(1)
const killAfterMs = seconds(2.5)

/** Enrols it with `token`, which goes in by stdin: an argument could be read by everyone on the machine. */
export async function enrolAgent(program: AgentProgram, token: string): Promise<void> {
  const child = spawnAgent(program, 'enrol', 'ignore')
  child.stdin?.end(`${token}\n`)
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Fault('agent-not-enrolled', 'The agent of this machine could not be enrolled; the line above says why.')
}

/** Starts it, and starts it again when it falls, with a growing pause. */
export function keepRunning(program: AgentProgram): AgentChild {
  let child: ChildProcess | undefined
  let timer: NodeJS.Timeout | undefined
  let isStopping = false
  let pauseMs = seconds(1)

  const start = (): void => {
    const startedAt = Date.now()
    child = spawnAgent(program, 'run', 'pipe')
    if (process.stdout.isTTY) child.stdout?.pipe(prettyStream())
    else child.stdout?.pipe(process.stdout, { end: false })
    child.once('exit', (code, signal) => {
      if (isStopping) return
      if (Date.now() - startedAt > wellAfterMs) pauseMs = seconds(1)
      process.stderr.write(`The agent ended (${signal ?? `exit code ${code}`}); it is started again in ${pauseMs / seconds(1)} s.\n`)
      timer = setTimeout(start, pauseMs)
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
    })
  }
  start()

  return {
    async stop(signal) {
      isStopping = true
      clearTimeout(timer)
      if (child) await end(child, signal)
    },
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  await gone
  clearTimeout(timer)
}

/**
 * In a process group of its own, so that Ctrl-C reaches it through us, in order, and not from the terminal as well. Its
 * stdin is our pipe: should we be killed, the pipe closes, and a trial's agent ends with it.
 */
function spawnAgent({ top, dataDir, isIsolationAllowed }: AgentProgram, verb: string, stdout: 'pipe' | 'ignore'): ChildProcess {
  const flags = ['--data', dataDir, '--trial', ...(isIsolationAllowed ? ['--allow-isolation'] : [])]
  const env = { TIERLINE_AGENT_LOG_LEVEL: 'warn', ...process.env }
  const stdio = ['pipe' as const, stdout, 'inherit' as const]
  return spawn(process.execPath, [join(top, 'bin/tierline-agent.mjs'), verb, ...flags], { stdio, env, detached: true })
}
