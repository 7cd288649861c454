import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentOrder } from './agent-process.ts'
import type { Clock } from './clock.ts'
import { addLines, type Kept, keyOf, type Line, readHistory } from './history.ts'
import { Side } from './side.ts'
import { readSpool } from './spool-files.ts'

export interface AgentPlace {
  name: string
  dataDir: string
  historyFile: string
  logFile: string
  clock: Clock
  rate: number
}

/** One real agent with its history; whoever kills it leaves the evidence there of what its disk held then. */
export class AgentSide {
  readonly name: string
  readonly dataDir: string
  readonly spoolDir: string
  readonly historyFile: string
  readonly clock: Clock
  readonly side: Side

  constructor({ name, dataDir, historyFile, logFile, clock, rate }: AgentPlace) {
    this.name = name
    this.dataDir = dataDir
    this.spoolDir = join(dataDir, 'spool')
    this.historyFile = historyFile
    this.clock = clock
    const order: AgentOrder = { name, dataDir, historyFile, rate }
    const script = join(import.meta.dirname, 'agent-process.ts')
    this.side = new Side(name, logFile, () => ({ file: process.execPath, args: [script, JSON.stringify(order)], env: clock.env }))
  }

  get endpointId(): string {
    return (JSON.parse(readFileSync(join(this.dataDir, 'identity/identity.json'), 'utf8')) as { endpointId: string }).endpointId
  }

  note(...lines: Line[]): void {
    addLines(this.historyFile, lines)
  }

  /** kill -9. What stands in its spool then is promised, said or not; what a full disk kept in memory is forgotten. */
  async kill(): Promise<void> {
    await this.side.kill()
    const lines = readHistory(this.historyFile)
    const known = placesIn(lines)
    const kept = readSpool(this.spoolDir).filter((record) => !known.has(placeOf(record)))
    this.note(...kept.map(keptLine))
    this.note(...this.#forgotten([...lines, ...kept.map(keptLine)]))
  }

  #forgotten(lines: readonly Line[]): Line[] {
    const held = new Set(lines.flatMap((line) => (line.what === 'held' ? [line.about] : [])))
    for (const line of lines) if (line.what === 'kept') held.delete(keyOf(line))
    for (const about of this.#remembered()) held.delete(about)
    return [...held].map((about) => ({ what: 'forgotten', about }))
  }

  /** What the agent wrote down as made and not yet in its spool. */
  #remembered(): string[] {
    const file = join(this.dataDir, 'signals.json')
    if (!existsSync(file)) return []
    return (JSON.parse(readFileSync(file, 'utf8')) as { unsaid: { about: string }[] }).unsaid.map(({ about }) => about)
  }
}

export const placeOf = ({ epoch, lane, seq }: Kept): string => `${epoch} ${lane} ${seq}`
export const placesIn = (lines: readonly Line[]): Set<string> =>
  new Set(lines.flatMap((line) => (line.what === 'kept' ? [placeOf(line)] : [])))
export const keptLine = (record: Kept): Line => ({ what: 'kept', ...record })
