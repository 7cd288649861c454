import type { Random } from './random.ts'
import type { World } from './world.ts'

/** A fault: one file in faults/, which exports this as its default. Its name is the file's. */
export interface Fault {
  /** One line for people: what happens to its target. */
  says: string
  /** Whom it befalls. */
  befalls: 'collector' | 'agent' | 'way' | 'swarm'
  /** Two faults of one target and facet never overlap. */
  facet: 'process' | 'way' | 'clock' | 'disk' | 'backup'
  /** How often, beside the others. */
  weight: number
  /** Milliseconds, at most `longestMs`; drawn from the plan's own random numbers. */
  lasts(random: Random, longestMs: number): number
  /** Why it can't happen here. */
  lacks?(needs: Lacks): string | undefined
  /** Resolves once it is over, with what it did beyond what the plan says. */
  befall(world: World, order: FaultOrder): Promise<string>
}

/** What the machine has, and what the run was asked for. */
export interface Lacks {
  isRoot: boolean
  hasFaketime: boolean
  database: 'sqlite' | 'postgres'
}

export interface FaultOrder {
  /** An agent's name, also where its way is befallen; or `collector`. */
  target: string
  forMs: number
  /** For whatever is left to chance within the fault. */
  random: Random
}

export const defineFault = (fault: Fault): Fault => fault

/** Mostly short, sometimes as long as it may be: what breaks is as often in a quick return as in a long absence. */
export function mostlyShort(random: Random, shortestMs: number, longestMs: number): number {
  const share = random.isTrue(0.15) ? 1 : 0.2
  return Math.round(shortestMs + random.next() * share * Math.max(0, longestMs - shortestMs))
}
