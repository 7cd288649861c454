import type { EventView, Value } from './event.ts'
import type { Atom } from './gate.ts'
import { PartIndex } from './part-index.ts'
import type { Rule } from './rule.ts'

/** What opens rules by one field. */
interface FieldIndex {
  wholes: Map<string, Rule[]>
  parts: PartIndex<Rule> | undefined
}

/** Rules of one log source, filed by their gates: an event finds those that could fit it without asking the others. */
export class RuleIndex {
  readonly #byField = new Map<string, FieldIndex>()
  readonly #anywhere: FieldIndex = { wholes: new Map(), parts: undefined }
  /** Rules of which nothing can be said beforehand. */
  readonly #always: Rule[] = []

  add(rule: Rule): void {
    if (!rule.node.gate) this.#always.push(rule)
    for (const atom of rule.node.gate ?? []) file(this.#indexOf(atom.field), atom, rule)
  }

  candidates(view: EventView, into: Set<Rule>): void {
    for (const rule of this.#always) into.add(rule)
    for (const [field, index] of this.#byField) for (const value of view.values(field)) open(index, value, into)
    if (this.#anywhere.parts || this.#anywhere.wholes.size > 0) for (const value of view.all()) open(this.#anywhere, value, into)
  }

  #indexOf(field: string | undefined): FieldIndex {
    if (field === undefined) return this.#anywhere
    const known = this.#byField.get(field)
    if (known) return known
    const index: FieldIndex = { wholes: new Map(), parts: undefined }
    this.#byField.set(field, index)
    return index
  }
}

function file(index: FieldIndex, { text, isWhole }: Atom, rule: Rule): void {
  if (!isWhole) {
    index.parts ??= new PartIndex()
    index.parts.add(text, rule)
    return
  }
  const rules = index.wholes.get(text)
  if (!rules) index.wholes.set(text, [rule])
  else if (rules.at(-1) !== rule) rules.push(rule)
}

function open({ wholes, parts }: FieldIndex, value: Value, into: Set<Rule>): void {
  if (wholes.size > 0) {
    for (const rule of wholes.get(value.folded) ?? []) into.add(rule)
    const { number } = value
    if (number !== undefined) for (const rule of wholes.get(number) ?? []) into.add(rule)
  }
  parts?.search(value.folded, (rules) => {
    for (const rule of rules) into.add(rule)
  })
}
