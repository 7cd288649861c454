import { appendFileSync, closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { Lane } from '#shared/protocol/record.ts'

/*
 * What one agent promised, as it promised it: a file of lines, each written when the thing it speaks of is so, and in
 * the file before anything else happens. A killed process can tear at most the last line. The agent's own process
 * writes while it lives; who damages its disk writes while it is dead; both only append.
 */
export type Line =
  /** About to be said to the agent. */
  | { what: 'attempted'; about: string }
  /** The agent has answered that it is safe. */
  | { what: 'said'; about: string }
  /** The spool refused it (a full disk): until it is seen as kept it stands in the agent's memory alone. */
  | { what: 'held'; about: string }
  /** Seen whole in the spool's files: this is the promise. */
  | ({ what: 'kept' } & Kept)
  /** The disk of this agent was full. */
  | { what: 'full' }
  /**
   * We cut it out of the spool's files. `wasAcknowledged`: the agent had noted that the collector has it. `wasStored`: and
   * it had, as far as its database could be asked; a collector that was restored meanwhile may not have it any more.
   */
  | { what: 'destroyed'; key: string; wasAcknowledged: boolean; wasStored: boolean }
  /** We changed the files of its spool. */
  | { what: 'damaged'; by: string }
  /** Held in memory, nowhere on the full disk, when we killed the process. */
  | { what: 'forgotten'; about: string }
  /** The collector was restored from a backup. */
  | { what: 'restored' }
  /** A command reached its verb. */
  | { what: 'ran' }
  /** Nothing more is produced; these fingerprints are true now. */
  | { what: 'quiet'; standing: string[] }

/** A signal's record in a spool. */
export interface Kept {
  id: string
  about: string
  kind: string
  epoch: string
  lane: Lane
  seq: number
}

/** What the chaos says itself is about a name of its own, such as `#a1/signals/000042`; whatever else a detector says is known by its id. */
export const nameOf = (agent: string, lane: Lane, count: number): string => `#${agent}/${lane}/${String(count).padStart(6, '0')}`
export const isOurName = (about: string): boolean => /^#[^/]+\/[a-z]+\/\d+$/.test(about)
export const countIn = (name: string): number => Number(name.slice(name.lastIndexOf('/') + 1))
export const keyOf = ({ id, about }: Pick<Kept, 'id' | 'about'>): string => (isOurName(about) ? about : id)

/** A set-back spool gives a seq to another signal, so a place alone is not enough. */
export const placeOf = ({ epoch, lane, seq, id }: Kept): string => `${epoch} ${lane} ${seq} ${id}`
export const placesIn = (lines: readonly Line[]): Set<string> =>
  new Set(lines.flatMap((line) => (line.what === 'kept' ? [placeOf(line)] : [])))
export const keptLine = (record: Kept): Line => ({ what: 'kept', ...record })

/** Writes line by line, synchronously: what was written outlives the process. */
export function openHistory(file: string): { write(...lines: Line[]): void; close(): void } {
  endLastLine(file)
  const descriptor = openSync(file, 'a')
  return {
    write: (...lines) => void (lines.length > 0 && writeSync(descriptor, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))),
    close: () => closeSync(descriptor),
  }
}

/** Adds to the history of an agent whose process may be running. */
export function addLines(file: string, lines: readonly Line[]): void {
  if (lines.length > 0) appendFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
}

export function readHistory(file: string): Line[] {
  if (!existsSync(file)) return []
  const texts = readFileSync(file, 'utf8').split('\n')
  return texts.flatMap((text) => parse(text) ?? [])
}

/** A torn line was not finished, so what it speaks of was not promised. */
function parse(text: string): Line | undefined {
  try {
    return text === '' ? undefined : (JSON.parse(text) as Line)
  } catch {
    return undefined
  }
}

function endLastLine(file: string): void {
  if (!existsSync(file)) return
  const text = readFileSync(file, 'utf8')
  if (text !== '' && !text.endsWith('\n')) appendFileSync(file, '\n')
}
