import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentSide } from './agent-side.ts'
import { readHistory } from './history.ts'

/*
 * A command runs at most once (invariant 6), however often it was delivered. The verb notes each of its runs in the
 * history; the agent's journal says which commands it began. Nobody is blamed for a run that a kill interrupted (this
 * verb may be run again then), nor for one that a full disk left no room to note.
 */
export interface Orders {
  begun: number
  runs: number
  wrongs: string[]
}

/** @param asked how many commands it can have been given at most. */
export function ordersOf(agent: AgentSide, asked: number): Orders {
  const lines = readHistory(agent.historyFile)
  const runs = lines.filter(({ what }) => what === 'ran').length
  const begun = begunIn(join(agent.dataDir, 'commands/commands.jsonl'))
  const kills = Math.max(0, agent.side.starts - 1)
  const wasFull = lines.some(({ what }) => what === 'full')
  const wrongs = [
    ...(begun > asked ? [`${agent.name} began ${begun} commands, and was asked for ${asked} at most`] : []),
    ...(!wasFull && runs > begun + kills ? [`${agent.name} ran ${begun} commands ${runs} times`] : []),
  ]
  return { begun, runs, wrongs }
}

function begunIn(journal: string): number {
  if (!existsSync(journal)) return 0
  const ids = readFileSync(journal, 'utf8').matchAll(/"kind":"started","order":\{"id":"([^"]+)"/g)
  return new Set([...ids].map(([, id]) => id)).size
}
