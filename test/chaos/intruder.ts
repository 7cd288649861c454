import { appendFileSync, writeFileSync } from 'node:fs'
import type { AgentSide } from './agent-side.ts'
import { keptLine, placeOf } from './history.ts'
import { followSpool } from './spool-files.ts'

/*
 * Somebody who tries passwords, for an agent that follows a real auth log with its real detectors: each source tries
 * once, quickly, and is worth one signal, if the agent was there to see it. What it has promised is read from its spool,
 * which only grows while we look: nobody told it to write anything for us.
 */
export interface Intruder {
  stop(): void
}

const everyMs = 3_000
const lookEveryMs = 100
const triesOfOne = 12

export function startIntruder(agent: AgentSide, authLog: string): Intruder {
  writeFileSync(authLog, '')
  const seen = new Set<string>()
  let { starts } = agent.side
  let follow = followSpool(agent.spoolDir)
  const look = (): void => {
    // Its files may be others since it was killed.
    if (agent.side.starts !== starts) follow = followSpool(agent.spoolDir)
    starts = agent.side.starts
    const fresh = follow().filter((record) => !seen.has(placeOf(record)))
    for (const record of fresh) seen.add(placeOf(record))
    agent.note(...fresh.map(keptLine))
  }
  let count = 0
  const knock = (): void => {
    count += 1
    const source = `10.${count >> 16}.${(count >> 8) & 255}.${count & 255}`
    const line = `Nov 22 03:00:00 pc-1 sshd[${1_000 + count}]: Failed password for invalid user admin from ${source} port 40000 ssh2\n`
    appendFileSync(authLog, line.repeat(triesOfOne))
  }
  const timers = [setInterval(look, lookEveryMs), setInterval(knock, everyMs)]
  return {
    stop: () => {
      for (const timer of timers) clearInterval(timer)
      look()
    },
  }
}
