import type { Fault } from './fault.ts'
import { seeded } from './random.ts'

/*
 * What befalls whom, when and for how long (pure): the seed, the names and the faults decide it alone, so the same
 * order plays the same faults again. Where they meet the program differs from run to run; that is what time is.
 */
export interface Planned {
  atMs: number
  fault: string
  target: string
  forMs: number
  /** For what is left to chance within the fault. */
  seed: number
}

export interface PlanOrder {
  seed: number
  forMs: number
  /** Between the beginnings of two faults, on average. */
  everyMs: number
  longestMs: number
  /** Whom each kind of fault may befall. */
  targets: Record<Fault['befalls'], readonly string[]>
  faults: ReadonlyMap<string, Fault>
}

/** Everybody starts in peace. */
const firstAfterMs = 2_000
/** Between two faults of one target and facet: long enough to come back, mostly. */
const restMs = 3_000

export function planFaults({ seed, forMs, everyMs, longestMs, targets, faults }: PlanOrder): Planned[] {
  const random = seeded(seed)
  const names = [...faults].flatMap(([name, { befalls }]) => (targets[befalls].length > 0 ? [name] : [])).sort()
  const busyUntil = new Map<string, number>()
  const plan: Planned[] = []
  for (let atMs = firstAfterMs; atMs < forMs; atMs += random.whole(everyMs / 4, (everyMs * 7) / 4)) {
    const name = random.pickWeighed(names, (each) => faults.get(each)?.weight ?? 0)
    const fault = faults.get(name)
    if (!fault) continue
    const target = random.pick(targets[fault.befalls])
    const lastsMs = Math.min(fault.lasts(random, longestMs), forMs - atMs)
    const planned = { atMs, fault: name, target, forMs: lastsMs, seed: random.whole(0, 2 ** 32 - 1) }
    const place = `${target} ${fault.facet}`
    if ((busyUntil.get(place) ?? 0) > atMs) continue
    busyUntil.set(place, atMs + lastsMs + restMs)
    plan.push(planned)
  }
  return plan
}
