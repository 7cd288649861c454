import type { EventView } from './event.ts'
import { type Gate, narrowest, widest } from './gate.ts'

/** A part of a rule, compiled: what it asks of an event, and the texts without which the answer is no. */
export interface Node {
  holds(event: EventView): boolean
  /** Undefined: nothing can be said beforehand. */
  gate: Gate | undefined
}

export function all(parts: readonly Node[]): Node {
  const [only] = parts
  if (parts.length === 1 && only) return only
  return { holds: (event) => parts.every((part) => part.holds(event)), gate: narrowest(parts.map(({ gate }) => gate)) }
}

export function any(parts: readonly Node[]): Node {
  const [only] = parts
  if (parts.length === 1 && only) return only
  return { holds: (event) => parts.some((part) => part.holds(event)), gate: widest(parts.map(({ gate }) => gate)) }
}

/** True also where the field that is asked for is missing. */
export function not(part: Node): Node {
  return { holds: (event) => !part.holds(event), gate: undefined }
}

export function atLeast(count: number, parts: readonly Node[]): Node {
  const holds = (event: EventView): boolean => {
    let found = 0
    for (const part of parts) {
      if (part.holds(event)) found += 1
      if (found >= count) return true
    }
    return false
  }
  return { holds, gate: widest(parts.map(({ gate }) => gate)) }
}
