import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { CommandOrder } from '#shared/domain/command.ts'
import { ResultRecord } from '#shared/protocol/record.ts'

/*
 * What was begun, what came of it, and whether that was handed to the spool. Enters: an order that is about to run, its
 * result. Leaves: both, after a crash too. Promises: `start` and `finish` are fsynced when they resolve; a torn last line
 * is cut off. Kept: everything that could still be delivered again, and the newest finished ones beyond that; the file is
 * written anew when most of it is history. On failure: it throws, and the command must not run.
 */

const Line = z.discriminatedUnion('kind', [
  z.object({ v: z.literal(1), kind: z.literal('started'), order: CommandOrder, at: z.number() }),
  z.object({ v: z.literal(1), kind: z.literal('finished'), result: ResultRecord }),
  z.object({ v: z.literal(1), kind: z.literal('reported'), id: z.string() }),
])
type Line = z.infer<typeof Line>

export interface Entry {
  order: CommandOrder
  startedAt: number
  /** Undefined while it runs, or when a crash came first. */
  result?: ResultRecord
  isReported: boolean
}

export interface CommandJournal {
  find(id: string): Entry | undefined
  /** In the order in which they were started. */
  entries(): Entry[]
  start(order: CommandOrder, at: number): Promise<void>
  finish(result: ResultRecord): Promise<void>
  /** The result stands in the spool. Not fsynced: forgetting it only says the same result twice. */
  reported(id: string): Promise<void>
  close(): Promise<void>
}

/** Finished and expired ones that are kept for looking back. */
const keptForHistory = 200
/** So many lines beyond what is kept are history. */
const maxHistoryLines = 2_000

/** @param latest the collector's time, which says what can't be delivered any more. */
export async function openCommandJournal(file: string, latest: () => number): Promise<CommandJournal> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const journal = new JournalFile(file, latest, fold(parseLines(await readFile(file, 'utf8').catch(nothingIfMissing))))
  await journal.compact()
  return journal
}

class JournalFile implements CommandJournal {
  readonly #file: string
  readonly #latest: () => number
  #entries: Map<string, Entry>
  #handle: FileHandle | undefined
  #lines = 0
  #turn: Promise<unknown> = Promise.resolve()

  constructor(file: string, latest: () => number, entries: Map<string, Entry>) {
    this.#file = file
    this.#latest = latest
    this.#entries = entries
  }

  find(id: string): Entry | undefined {
    return this.#entries.get(id)
  }

  entries(): Entry[] {
    return [...this.#entries.values()]
  }

  /** The entry stands in memory at once, so that the same command arriving meanwhile is found. */
  async start(order: CommandOrder, at: number): Promise<void> {
    this.#entries.set(order.id, { order, startedAt: at, isReported: false })
    await this.#write({ v: 1, kind: 'started', order, at }, true).catch((error: unknown) => {
      this.#entries.delete(order.id)
      throw error
    })
  }

  async finish(result: ResultRecord): Promise<void> {
    const entry = this.#entries.get(result.commandId)
    if (entry) entry.result = result
    await this.#write({ v: 1, kind: 'finished', result }, true)
  }

  async reported(id: string): Promise<void> {
    const entry = this.#entries.get(id)
    if (entry) entry.isReported = true
    await this.#write({ v: 1, kind: 'reported', id }, false)
    if (this.#lines > 3 * this.#entries.size + maxHistoryLines) await this.compact()
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => this.#handle?.close())
  }

  /** Writes what is kept into a new file that takes the old one's place. */
  compact(): Promise<void> {
    return this.#inTurn(async () => {
      const kept = keep(this.#entries, this.#latest())
      const lines = [...kept.values()].flatMap(linesOf)
      const earlier = this.#handle
      this.#handle = await replaceFile(this.#file, lines.map(encode).join(''))
      this.#entries = kept
      this.#lines = lines.length
      await earlier?.close()
    })
  }

  #write(line: Line, isSynced: boolean): Promise<void> {
    return this.#inTurn(async () => {
      await this.#handle?.appendFile(encode(line))
      if (isSynced) await this.#handle?.datasync()
      this.#lines += 1
    })
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => undefined)
    return mine
  }
}

/** What may come again, what isn't settled here, and the newest of the rest. */
function keep(entries: Map<string, Entry>, now: number): Map<string, Entry> {
  const all = [...entries]
  const history = all.filter(([, entry]) => entry.isReported && entry.order.expiresAt <= now)
  const dropped = new Set(history.slice(0, Math.max(0, history.length - keptForHistory)).map(([id]) => id))
  return new Map(all.filter(([id]) => !dropped.has(id)))
}

function linesOf({ order, startedAt, result, isReported }: Entry): Line[] {
  return [
    { v: 1, kind: 'started', order, at: startedAt },
    ...(result ? [{ v: 1, kind: 'finished', result } as const] : []),
    ...(isReported ? [{ v: 1, kind: 'reported', id: order.id } as const] : []),
  ]
}

function fold(lines: Line[]): Map<string, Entry> {
  const entries = new Map<string, Entry>()
  for (const line of lines) {
    if (line.kind === 'started') entries.set(line.order.id, { order: line.order, startedAt: line.at, isReported: false })
    else if (line.kind === 'finished') Object.assign(entries.get(line.result.commandId) ?? {}, { result: line.result })
    else Object.assign(entries.get(line.id) ?? {}, { isReported: true })
  }
  return entries
}

/** Every whole line that reads as one of ours; what a crash tore is left out. */
function parseLines(text: string): Line[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [Line.parse(JSON.parse(line))]
    } catch {
      return []
    }
  })
}

const encode = (line: Line): string => `${JSON.stringify(line)}\n`

function nothingIfMissing(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return ''
  throw error
}

/** The new file, in place, durable, and open to be written on. When that fails the old one is untouched. */
async function replaceFile(file: string, text: string): Promise<FileHandle> {
  const handle = await open(`${file}.new`, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
    await rename(`${file}.new`, file)
    const folder = await open(dirname(file), 'r')
    await folder.sync().finally(() => folder.close())
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}
