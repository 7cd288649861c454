import { closeSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import { CommandOrder } from '#shared/domain/command.ts'
import { ResultRecord } from '#shared/protocol/record.ts'
import { StandingRun } from '#shared/protocol/standing-order.ts'

/*
 * What waits or was begun, what came of it, and whether that was handed to the spool. Enters: an order that is about to
 * run, its result. Leaves: both, after a crash too. Promises: `take`, `start` and `finish` are fsynced when they return, but for the
 * end of what may run twice, which a crash runs once more; a torn last line is cut off. Kept: everything that could still be delivered again, and the newest finished ones beyond that; the file is
 * written anew when most of it is history. Synchronous, because an attack waits for it. On failure: it throws, and what
 * can't be done twice must not run; a file that can't be written anew is written on, so that a full disk stops no start.
 */

/** What runs: a command, or what a standing order brought about, which says so. No signed command has that word of its own. */
export const RunOrder = CommandOrder.extend({ standing: StandingRun.optional() })
export type RunOrder = z.infer<typeof RunOrder>

const Line = z.discriminatedUnion('kind', [
  z.object({ v: z.literal(1), kind: z.literal('taken'), order: RunOrder, at: z.number() }),
  z.object({ v: z.literal(1), kind: z.literal('started'), order: RunOrder, at: z.number() }),
  z.object({ v: z.literal(1), kind: z.literal('finished'), result: ResultRecord }),
  z.object({ v: z.literal(1), kind: z.literal('reported'), id: z.string() }),
  z.object({
    v: z.literal(1),
    kind: z.literal('refused'),
    id: z.string().optional(),
    verb: z.string().optional(),
    reason: z.string(),
    at: z.number(),
  }),
])
type Line = z.infer<typeof Line>

export interface Entry {
  order: RunOrder
  /** Undefined while it waits for its turn. */
  startedAt?: number
  /** Undefined while it runs, or when a crash came first. */
  result?: ResultRecord
  isReported: boolean
}

export interface CommandJournal {
  find(id: string): Entry | undefined
  /** In the order in which they were started. */
  entries(): Entry[]
  /** It waits for its turn, over a crash too. */
  take(order: RunOrder, at: number): void
  start(order: RunOrder, at: number): void
  /** One that runs although the disk refused it: so that it runs once, and answers, until the next start at least. */
  remember(order: RunOrder, at: number): void
  /** `mayRunTwice`: whoever waits for its result doesn't wait for the disk as well; the spool keeps that. */
  finish(result: ResultRecord, mayRunTwice?: boolean): void
  /** Whether one that ran had this nonce. */
  hasNonce(nonce: string): boolean
  /** Not fsynced; only the newest are kept, so that a flood of forged ones fills no disk. */
  refused(refusal: Refusal): void
  /** The newest, oldest first. */
  refusals(): readonly Refusal[]
  /** The result stands in the spool. Not fsynced: forgetting it only says the same result twice. */
  reported(id: string): void
  close(): void
}

/** What never ran, and why. */
export type Refusal = Omit<Extract<Line, { kind: 'refused' }>, 'v' | 'kind'>

/** Finished and expired ones that are kept for looking back. */
const keptForHistory = 200
const keptRefusals = 200
/** So many lines beyond what is kept are history. */
const maxHistoryLines = 2_000

/** @param latest the collector's time, which says what can't be delivered any more. */
export function openCommandJournal(file: string, latest: () => number): CommandJournal {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  return new JournalFile(file, latest, parseLines(readText(file)))
}

class JournalFile implements CommandJournal {
  readonly #file: string
  readonly #latest: () => number
  #entries: Map<string, Entry>
  #refusals: Refusal[]
  /** Undefined once closed: the number may then be another file's. */
  #descriptor: number | undefined
  #lines = 0

  constructor(file: string, latest: () => number, lines: Line[]) {
    this.#file = file
    this.#latest = latest
    this.#entries = fold(lines)
    this.#refusals = refusalsIn(lines)
    this.#lines = lines.length
    this.#descriptor = this.#writeAnew() ?? openSync(file, 'a', 0o600)
  }

  find(id: string): Entry | undefined {
    return this.#entries.get(id)
  }

  entries(): Entry[] {
    return [...this.#entries.values()]
  }

  /** Throws before the entry stands in memory. */
  take(order: RunOrder, at: number): void {
    fdatasyncSync(this.#write({ v: 1, kind: 'taken', order, at }))
    this.#entries.set(order.id, { order, isReported: false })
  }

  start(order: RunOrder, at: number): void {
    fdatasyncSync(this.#write({ v: 1, kind: 'started', order, at }))
    this.remember(order, at)
  }

  remember(order: RunOrder, at: number): void {
    this.#entries.set(order.id, { order, startedAt: at, isReported: false })
  }

  finish(result: ResultRecord, mayRunTwice = false): void {
    const entry = this.#entries.get(result.commandId)
    if (entry) entry.result = result
    const descriptor = this.#write({ v: 1, kind: 'finished', result })
    if (!mayRunTwice) fdatasyncSync(descriptor)
  }

  hasNonce(nonce: string): boolean {
    return this.entries().some(({ order }) => order.nonce === nonce)
  }

  refused(refusal: Refusal): void {
    this.#refusals = [...this.#refusals, refusal].slice(-keptRefusals)
    this.#write({ v: 1, kind: 'refused', ...refusal })
    this.#compactWhenDue()
  }

  refusals(): readonly Refusal[] {
    return this.#refusals
  }

  reported(id: string): void {
    const entry = this.#entries.get(id)
    if (entry) entry.isReported = true
    this.#write({ v: 1, kind: 'reported', id })
    this.#compactWhenDue()
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  #compactWhenDue(): void {
    if (this.#lines > 3 * this.#entries.size + maxHistoryLines) this.#compact()
  }

  #compact(): void {
    const earlier = this.#descriptor
    this.#descriptor = this.#writeAnew() ?? earlier
    if (earlier !== undefined && earlier !== this.#descriptor) closeSync(earlier)
  }

  /** What is kept, in a new file that took the old one's place and is open to be written on; undefined when the disk refused. */
  #writeAnew(): number | undefined {
    const kept = keep(this.#entries, this.#latest())
    const refused = this.#refusals.map((refusal) => ({ v: 1, kind: 'refused', ...refusal }) as const)
    const lines = [...refused, ...[...kept.values()].flatMap(linesOf)]
    const descriptor = replaceFile(this.#file, lines.map(encode).join(''))
    if (descriptor === undefined) return undefined
    this.#entries = kept
    this.#lines = lines.length
    return descriptor
  }

  /** A newline first: what an earlier write left torn must not swallow this line. */
  #write(line: Line): number {
    if (this.#descriptor === undefined) throw new Error('the journal of commands is closed')
    writeFileSync(this.#descriptor, `\n${encode(line)}`)
    this.#lines += 1
    return this.#descriptor
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
    startedAt === undefined ? { v: 1, kind: 'taken', order, at: 0 } : { v: 1, kind: 'started', order, at: startedAt },
    ...(result ? [{ v: 1, kind: 'finished', result } as const] : []),
    ...(isReported ? [{ v: 1, kind: 'reported', id: order.id } as const] : []),
  ]
}

function fold(lines: Line[]): Map<string, Entry> {
  const entries = new Map<string, Entry>()
  for (const line of lines) {
    if (line.kind === 'taken') entries.set(line.order.id, { order: line.order, isReported: false })
    else if (line.kind === 'started') entries.set(line.order.id, { order: line.order, startedAt: line.at, isReported: false })
    else if (line.kind === 'finished') Object.assign(entries.get(line.result.commandId) ?? {}, { result: line.result })
    else if (line.kind === 'reported') Object.assign(entries.get(line.id) ?? {}, { isReported: true })
  }
  return entries
}

const refusalsIn = (lines: Line[]): Refusal[] =>
  lines.flatMap((line) => (line.kind === 'refused' ? [withoutKind(line)] : [])).slice(-keptRefusals)

const withoutKind = ({ id, verb, reason, at }: Extract<Line, { kind: 'refused' }>): Refusal => ({
  ...(id && { id }),
  ...(verb && { verb }),
  reason,
  at,
})

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

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** The new file, in place, durable, and open; undefined when the disk refused it, and then the old one is untouched. */
function replaceFile(file: string, text: string): number | undefined {
  let descriptor: number | undefined
  try {
    descriptor = openSync(`${file}.new`, 'w', 0o600)
    writeFileSync(descriptor, text)
    fsyncSync(descriptor)
    renameSync(`${file}.new`, file)
    syncFolder(dirname(file))
    return descriptor
  } catch {
    if (descriptor !== undefined) closeSync(descriptor)
    return undefined
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
