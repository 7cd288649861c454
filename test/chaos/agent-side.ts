import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from './clock.ts'
import type { Disk } from './disk.ts'
import { addLines, keptLine, keyOf, type Line, placeOf, placesIn, readHistory } from './history.ts'
import { type Program, Side } from './side.ts'
import { readSpool } from './spool-files.ts'

export interface AgentPlace {
  name: string
  disk: Disk
  historyFile: string
  logFile: string
  clock: Clock
  program(dataDir: string): Program
}

/** One real agent with its history; whoever kills it leaves the evidence there of what its disk held then. */
export class AgentSide {
  readonly name: string
  readonly disk: Disk
  readonly dataDir: string
  readonly spoolDir: string
  readonly historyFile: string
  readonly clock: Clock
  readonly side: Side

  constructor({ name, disk, historyFile, logFile, clock, program }: AgentPlace) {
    this.name = name
    this.disk = disk
    this.dataDir = join(disk.folder, 'data')
    this.spoolDir = join(this.dataDir, 'spool')
    this.historyFile = historyFile
    this.clock = clock
    this.side = new Side(name, logFile, () => ({ ...program(this.dataDir), env: clock.env }), disk.isFull)
  }

  get endpointId(): string {
    return (JSON.parse(readFileSync(join(this.dataDir, 'identity/identity.json'), 'utf8')) as { endpointId: string }).endpointId
  }

  readonly note = (...lines: Line[]): void => addLines(this.historyFile, lines)

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
