import type { Lane } from '#shared/protocol/record.ts'
import { countIn, isOurName, type Kept, keyOf, type Line } from './history.ts'

/*
 * Holds what agents promised against what the collector has (pure). A signal is promised once it was seen whole in its
 * agent's spool, or once the agent answered that it is safe. Of each promised one exactly one row must be there.
 *
 * What may be missing, and nothing else:
 * - `destroyed`: we ourselves cut it out of the files of its spool (a torn tail, a folder set back), it isn't there
 *   again later, and the agent had not noted that the collector has it; if it had, then only where the collector was
 *   set back to a backup afterwards, or before and the agent had not given it back yet: then we destroyed both copies.
 * - `forgotten`: its agent's disk was full, so the spool refused it, and we killed the process that held it in memory. The
 *   agent knew how many it held, so as many seqs of that lane stand in gaps, unless its spool was damaged afterwards.
 * - `given up`: its agent's disk was full, it had no room left, and it said so: a gap at the collector covers its place.
 * All three are counted apart. What was only attempted (killed before the answer) may be there once or not at all.
 *
 * Per agent and lane, what the chaos said is to arrive in the order in which it was said. Left out: what was held back
 * by a full disk; the agent says at once that it waits for no other signal then.
 */
export interface AgentHistory {
  agent: string
  endpointId: string
  lines: readonly Line[]
}

export interface StoredSignal {
  endpointId: string
  id: string
  about: string
  kind: string
  arrival: number
}

export interface Gap {
  endpointId: string
  epoch: string
  lane: Lane
  from: number
  to: number
  why: string
}

export interface Accounts {
  produced: number
  stored: number
  lost: string[]
  doubled: string[]
  misordered: string[]
  /** Stored, and nobody ever said it. */
  invented: string[]
  destroyed: string[]
  forgotten: string[]
  /** Of those, what no gap speaks of. */
  unsaid: string[]
  givenUp: string[]
}

export function settle(histories: readonly AgentHistory[], stored: readonly StoredSignal[], gaps: readonly Gap[]): Accounts {
  const all = histories.map((history) => settleOne(history, stored, gaps))
  const joined = (pick: (one: Accounts) => string[]): string[] => all.flatMap(pick)
  const sum = (pick: (one: Accounts) => number): number => all.reduce((total, one) => total + pick(one), 0)
  return {
    produced: sum((one) => one.produced),
    stored: sum((one) => one.stored),
    lost: joined((one) => one.lost),
    doubled: joined((one) => one.doubled),
    misordered: joined((one) => one.misordered),
    invented: joined((one) => one.invented),
    destroyed: joined((one) => one.destroyed),
    forgotten: joined((one) => one.forgotten),
    unsaid: joined((one) => one.unsaid),
    givenUp: joined((one) => one.givenUp),
  }
}

function settleOne({ endpointId, lines }: AgentHistory, stored: readonly StoredSignal[], gaps: readonly Gap[]): Accounts {
  const rows = stored.filter((row) => row.endpointId === endpointId).sort((one, other) => one.arrival - other.arrival)
  const counts = countBy(rows.map(keyOf))
  const told = read(lines)
  const missing = [...told.promised].filter((key) => !counts.has(key))
  const said = gaps.filter((gap) => gap.endpointId === endpointId)
  const excuses = Map.groupBy(missing, (key) => excuseFor(key, told, said))
  const of = (excuse: Excuse): string[] => excuses.get(excuse) ?? []
  return {
    produced: told.promised.size,
    stored: told.promised.size - missing.length,
    lost: of('none'),
    doubled: [...counts].filter(([, count]) => count > 1).map(([key]) => key),
    misordered: outOfOrder(rows, told.held),
    invented: [...counts.keys()].filter((key) => isOurName(key) && !told.attempted.has(key) && !told.promised.has(key)),
    destroyed: of('destroyed'),
    forgotten: of('forgotten'),
    unsaid: unsaidOf(of('forgotten'), of('given up'), told, said),
    givenUp: of('given up'),
  }
}

/** Nobody can say which they were; that so many are missing can be said. */
function unsaidOf(forgotten: readonly string[], givenUp: readonly string[], told: Told, gaps: readonly Gap[]): string[] {
  return (['security', 'signals'] as const).flatMap((lane) => {
    const isOfLane = (key: string): boolean => key.includes(`/${lane}/`)
    const said = gaps.filter((gap) => gap.lane === lane).reduce((sum, { from, to }) => sum + to - from + 1, 0)
    const others = givenUp.filter(isOfLane).length
    return forgotten.filter((key) => isOfLane(key) && !told.damagedSince.has(key)).slice(Math.max(0, said - others))
  })
}

type Excuse = 'none' | 'destroyed' | 'forgotten' | 'given up'

interface Told {
  promised: Set<string>
  attempted: Set<string>
  held: Set<string>
  places: Map<string, Kept[]>
  destroyed: Map<string, { mayBeMissing: boolean }>
  forgotten: Set<string>
  /** Forgotten before the spool was damaged, which may have destroyed the word of it. */
  damagedSince: Set<string>
  wasFull: boolean
  wasRestored: boolean
}

function read(lines: readonly Line[]): Told {
  const told: Told = {
    ...{ promised: new Set(), attempted: new Set(), held: new Set(), places: new Map() },
    ...{ destroyed: new Map(), forgotten: new Set(), damagedSince: new Set(), wasFull: false, wasRestored: false },
  }
  for (const line of lines) take(told, line)
  return told
}

function take(told: Told, line: Line): void {
  switch (line.what) {
    case 'attempted':
      told.attempted.add(line.about)
      break
    case 'said':
      told.promised.add(line.about)
      break
    case 'held':
      told.held.add(line.about)
      break
    case 'kept':
      takeKept(told, line)
      break
    case 'full':
      told.wasFull = true
      break
    case 'destroyed':
      told.destroyed.set(line.key, { mayBeMissing: !line.wasAcknowledged || (told.wasRestored && !line.wasStored) })
      break
    case 'damaged':
      told.damagedSince = new Set(told.forgotten)
      break
    case 'forgotten':
      told.forgotten.add(line.about)
      break
    case 'restored':
      told.wasRestored = true
      for (const destroyed of told.destroyed.values()) destroyed.mayBeMissing = true
  }
}

/** Whatever was said of it before: there it is. */
function takeKept(told: Told, kept: Kept): void {
  const key = keyOf(kept)
  told.promised.add(key)
  told.destroyed.delete(key)
  told.forgotten.delete(key)
  told.places.set(key, [...(told.places.get(key) ?? []), kept])
}

function excuseFor(key: string, told: Told, gaps: readonly Gap[]): Excuse {
  if (told.destroyed.get(key)?.mayBeMissing) return 'destroyed'
  if (told.forgotten.has(key)) return 'forgotten'
  const isSaid = told.places.get(key)?.some((place) => gaps.some((gap) => covers(gap, place)))
  return told.wasFull && isSaid ? 'given up' : 'none'
}

const covers = (gap: Gap, { epoch, lane, seq }: Kept): boolean =>
  gap.epoch === epoch && gap.lane === lane && gap.from <= seq && seq <= gap.to

/** Those that came after one that was said later; `rows` in the order in which they came. */
function outOfOrder(rows: readonly StoredSignal[], held: ReadonlySet<string>): string[] {
  const latest = new Map<string, number>()
  return rows.flatMap(({ about }) => {
    if (!isOurName(about) || held.has(about)) return []
    const lane = about.slice(0, about.lastIndexOf('/'))
    const count = countIn(about)
    const isLate = count < (latest.get(lane) ?? 0)
    latest.set(lane, Math.max(count, latest.get(lane) ?? 0))
    return isLate ? [about] : []
  })
}

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}
