import type { Value } from './event.ts'
import { type Atom, canOpen, type Gate } from './gate.ts'
import type { Node } from './node.ts'

/** What one value of a rule asks of one value of an event. */
export interface Match {
  fits(value: Value): boolean
  /** Folded texts, one of which stands in every value that fits; undefined where nothing is certain. */
  literals: readonly string[] | undefined
  /** The literals are all there is to it. */
  isWhole: boolean
  /** The same number fits however it is written, so the literal alone decides nothing. */
  isNumber?: boolean
}

/** From how many whole texts on they are looked up instead of compared. */
const listLength = 8

/** True when one of the field's values fits one of these. @param field undefined: any field. */
export function anyValue(field: string | undefined, matches: readonly Match[]): Node {
  const wholes = matches.filter(({ isWhole, isNumber }) => isWhole && !isNumber)
  const isLong = wholes.length >= listLength
  const listed = new Set(isLong ? wholes.flatMap(({ literals }) => literals ?? []) : [])
  const asked = isLong ? matches.filter((match) => !wholes.includes(match)) : matches
  const fits = (value: Value): boolean => (isLong && listed.has(value.folded)) || asked.some((match) => match.fits(value))
  return {
    holds: (event) => (field === undefined ? event.all() : event.values(field)).some(fits),
    gate: gateOf(field, matches),
  }
}

function gateOf(field: string | undefined, matches: readonly Match[]): Gate | undefined {
  const atoms: Atom[] = []
  for (const { literals, isWhole } of matches) {
    const own = (literals ?? []).map((text) => ({ field, text, isWhole }))
    if (own.length === 0 || !own.every(canOpen)) return undefined
    atoms.push(...own)
  }
  return atoms
}
