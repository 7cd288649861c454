import { join, parse } from 'node:path'
import type { Evidence } from '#shared/domain/signal.ts'
import type { FileLook, Probe } from '../../host/probe.ts'
import type { FileKind } from './decoys.ts'
import { sha256 } from './plant.ts'
import { type Judgement, judge } from './readable.ts'
import type { Change } from './touches.ts'

/** One decoy as it should be. */
export interface Canary {
  path: string
  folder: string
  kind: FileKind
  bytes: Buffer
  sha256: string
  /** As it was seen last while it was right. */
  seen: FileLook | undefined
  knownSiblings: ReadonlySet<string>
}

export type Observation =
  | { kind: 'untouched'; seen: FileLook | undefined }
  /** Somebody is writing; it is too early to say what it will be. */
  | { kind: 'unfinished' }
  | {
      kind: 'touched'
      change: Change
      touchedAt: number
      where: string
      evidence: Evidence[]
      facts: Record<string, string | number | null>
    }

/** A decoy is some kilobytes; what is put in its place may be as large as its finder likes. */
const maxReadBytes = 16_777_216
const maxSiblings = 20
const maxSiblingBytes = 4_194_304
/** Each has to be opened; comparing names alone costs nothing, so that is done for all. */
const maxNamesLookedAt = 500
/** A program that saves a small file is done by then; one that stopped in the middle left what it left. */
export const writingTakesMs = 250
/** The file's stamp may be younger than the look's beginning; one from the future is no excuse for ever. */
const aheadMs = 10_000

interface Found {
  path: string
  look: FileLook
  bytes: Buffer
  judgement: Judgement
}

/** Looks at a decoy and at what stands beside it under its name. `now`: epoch ms. */
export async function examine(canary: Canary, probe: Probe, now: number): Promise<Observation> {
  const itself = await find(canary, canary.path, probe, maxReadBytes)
  if (itself?.judgement === 'unreadable') return touched('unreadable', itself)
  const siblings = await siblingsOf(canary, itself === undefined, probe)
  const unreadable = siblings.find((sibling) => sibling.judgement === 'unreadable')
  if (unreadable) return touched('unreadable', unreadable, { replacement: unreadable.path })
  if (!itself) return judgeGone(canary, siblings, probe, now)
  return itself.judgement === 'same' ? { kind: 'untouched', seen: itself.look } : judgeItself(itself, canary, now)
}

function judgeItself(itself: Found, canary: Canary, now: number): Observation {
  if (itself.judgement !== 'partial') return touched('edited', itself)
  if (isFresh(itself.look, now)) return { kind: 'unfinished' }
  // An empty text is still a text.
  return touched(canary.kind === 'txt' && itself.bytes.length === 0 ? 'edited' : 'unreadable', itself)
}

/** Gone, moved, or packed into something that anybody can open. */
async function judgeGone(canary: Canary, siblings: Found[], probe: Probe, now: number): Promise<Observation> {
  const half = siblings.find((sibling) => sibling.judgement === 'partial')
  if (half) return isFresh(half.look, now) ? { kind: 'unfinished' } : touched('unreadable', half, { replacement: half.path })
  const folder = await probe.list(canary.folder)
  const left = siblings[0]
  // Unpacked again between the two looks.
  if (!left && (await probe.look(canary.path))) return { kind: 'unfinished' }
  if (left) return touched(left.judgement === 'archived' ? 'packed' : 'deleted', left, { replacement: left.path })
  return { kind: 'touched', change: 'deleted', touchedAt: folder?.changedAt ?? now, where: canary.path, evidence: [], facts: {} }
}

async function find(canary: Canary, path: string, probe: Probe, maxBytes: number): Promise<Found | undefined> {
  const look = await probe.look(path)
  const bytes = look && (await probe.read(path, maxBytes))
  if (!look || !bytes) return undefined
  const isOwn = path === canary.path && sha256(bytes) === canary.sha256
  return { path, look, bytes, judgement: isOwn ? 'same' : judge(bytes, canary.kind, canary.bytes) }
}

/** What is new beside it with its stem; when it is gone, also what it was renamed to, which is the same file. */
async function siblingsOf(canary: Canary, isGone: boolean, probe: Probe): Promise<Found[]> {
  const listed = await probe.list(canary.folder)
  const names = listed?.names ?? []
  const byName = names.filter((name) => isSiblingName(name, parse(canary.path).base))
  const moved = isGone && byName.length === 0 ? await sameFile(canary, names.slice(0, maxNamesLookedAt), probe) : []
  const found: Found[] = []
  for (const name of [...byName, ...moved].slice(0, maxSiblings)) {
    const sibling = await find(canary, join(canary.folder, name), probe, maxSiblingBytes)
    if (sibling && !canary.knownSiblings.has(beginningOf(sibling.bytes))) found.push(sibling)
  }
  return found
}

/** `Contract draft.docx.enc` and `Contract draft.enc` are siblings of `Contract draft.docx`. */
export function isSiblingName(name: string, canaryName: string): boolean {
  return name !== canaryName && name.startsWith(`${parse(canaryName).name}.`)
}

async function sameFile(canary: Canary, names: string[], probe: Probe): Promise<string[]> {
  for (const name of names) {
    const look = await probe.look(join(canary.folder, name))
    // A number that became free is given to the next file, which was born later.
    if (look && look.identity === canary.seen?.identity && look.bornAt === canary.seen.bornAt) return [name]
  }
  return []
}

export const beginningOf = (bytes: Buffer): string => sha256(bytes.subarray(0, 65_536))

const isFresh = ({ changedAt }: FileLook, now: number): boolean => now - changedAt < writingTakesMs && changedAt - now < aheadMs

function touched(change: Change, found: Found, facts: Record<string, string | number | null> = {}): Observation {
  const { path, look, bytes } = found
  return {
    kind: 'touched',
    change,
    touchedAt: look.changedAt,
    where: path,
    evidence: [{ name: `what lies at ${path}`, text: describe(found) }],
    facts: { ...facts, sizeBytes: look.sizeBytes, firstBytes: hexOf(bytes), entropyBitsPerByte: entropy(bytes) },
  }
}

function describe({ path, look, bytes, judgement }: Found): string {
  return [
    `name: ${path}`,
    `size: ${look.sizeBytes} bytes`,
    `judged: ${judgement}`,
    `first bytes: ${hexOf(bytes)}`,
    `entropy: ${entropy(bytes)} bits per byte (8 is what encryption looks like)`,
  ].join('\n')
}

const hexOf = (bytes: Buffer): string => bytes.subarray(0, 16).toString('hex')

/** Shannon's, over single bytes of the first 64 KiB, two decimals. */
export function entropy(bytes: Buffer): number {
  const sample = bytes.subarray(0, 65_536)
  const counts = new Array<number>(256).fill(0)
  for (const byte of sample) counts[byte] = (counts[byte] ?? 0) + 1
  const bits = counts.filter((count) => count > 0).map((count) => (count / sample.length) * Math.log2(sample.length / count))
  return Math.round(bits.reduce((sum, bit) => sum + bit, 0) * 100) / 100
}
