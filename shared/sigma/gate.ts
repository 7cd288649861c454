/**
 * A text without which a rule can't be true: folded, and found in one field, or in any where `field` is undefined. A rule's gate is a list of
 * them, one of which an event must have. An event that opens no gate costs the rule nothing.
 */
export interface Atom {
  field: string | undefined
  text: string
  /** The value is this text and nothing more. */
  isWhole: boolean
}

export type Gate = readonly Atom[]

/** Shorter parts are in nearly everything, and an index of three characters at a time can't hold them. */
export const minPartLength = 3
/** Where one selection lists more, looking them up costs less than asking them. */
const maxUsefulLength = 12

export const canOpen = ({ text, isWhole }: Atom): boolean => isWhole || text.length >= minPartLength

/** Of several gates, each of which must open, the one that opens least often: by its shortest text. */
export function narrowest(gates: readonly (Gate | undefined)[]): Gate | undefined {
  let [best, bestWidth]: [Gate | undefined, number] = [undefined, Number.POSITIVE_INFINITY]
  for (const gate of gates) {
    const width = gate === undefined ? Number.POSITIVE_INFINITY : widthOf(gate)
    if (width < bestWidth) [best, bestWidth] = [gate, width]
  }
  return best
}

/** Of several gates one of which must open: all of them, if each is known. */
export function widest(gates: readonly (Gate | undefined)[]): Gate | undefined {
  return gates.every((gate) => gate !== undefined) ? gates.flat() : undefined
}

/** A guess at how often a gate opens: each character more makes a text rarer; ends of file names are in every process. */
function widthOf(gate: Gate): number {
  return gate.reduce((sum, atom) => sum + 4 ** -Math.min(usefulLength(atom), maxUsefulLength), 0)
}

const usefulLength = ({ text, isWhole }: Atom): number => (isWhole && text.length > 1 ? text.length + 2 : text.replace(/\.exe$/, '').length)
