import type { EventView, Value } from './event.ts'
import {
  comparisonMatch,
  expressionMatch,
  isComparison,
  isTimePart,
  networkMatch,
  numberMatch,
  numberOf,
  textMatch,
  timePartMatch,
} from './kinds-of-match.ts'
import { anyValue, type Match } from './match.ts'
import { all, any, type Node, not } from './node.ts'
import { plainOf } from './text.ts'
import { refuse } from './unsupported.ts'
import { changes, type Draft, draftOf, expand } from './values.ts'

/** Texts that the policy has under names, for `expand`. */
export type Placeholders = Readonly<Record<string, readonly string[]>>

type Scalar = string | number | boolean | null

/** What is written behind a field's name. */
interface Modifiers {
  names: readonly string[]
  has(name: string): boolean
}

const regexFlags = ['i', 'm', 's']
const others = ['all', 'cased', 're', 'cidr', 'exists', 'fieldref', 'expand', 'neq']

/** More values than that are no rule but a list, and would cost seconds to read. */
export const maxValues = 20_000

/** `Field|modifier|…: value or values` → what it asks of an event. An empty name asks any field (keywords). */
export function readItem(key: string, written: unknown, placeholders: Placeholders): Node {
  const [name = '', ...names] = key.split('|')
  const modifiers: Modifiers = { names, has: (each) => names.includes(each) }
  refuseUnknown(modifiers)
  const field = name === '' ? undefined : name
  const values = scalarsOf(written, key)
  if (modifiers.has('exists')) return existence(field, values)
  const ofOne = (value: Scalar): Node => readValue(field, value, modifiers, placeholders)
  if (modifiers.has('neq')) return not(any(values.map(ofOne)))
  if (modifiers.has('all') || modifiers.has('fieldref') || values.includes(null)) {
    return modifiers.has('all') ? all(values.map(ofOne)) : any(values.map(ofOne))
  }
  return anyValue(
    field,
    values.flatMap((value) => matchesOf(field, value, modifiers, placeholders)),
  )
}

function refuseUnknown({ names, has }: Modifiers): void {
  const known = (name: string): boolean =>
    Object.hasOwn(changes, name) ||
    others.includes(name) ||
    isComparison(name) ||
    isTimePart(name) ||
    (regexFlags.includes(name) && has('re'))
  const unknown = names.find((name) => !known(name))
  if (unknown !== undefined) refuse(`it uses the modifier “${unknown.slice(0, 50)}”, which is not known here`)
  const kinds = ['re', 'cidr', 'exists', 'fieldref'].filter(has)
  const texts = names.filter((name) => Object.hasOwn(changes, name))
  const fitsFieldref = kinds[0] === 'fieldref' && texts.every((name) => ['contains', 'startswith', 'endswith'].includes(name))
  if (kinds.length > 1 || (kinds.length === 1 && texts.length > 0 && !fitsFieldref)) {
    refuse(`its modifiers “${names.join('|')}” can’t be used together`)
  }
}

function scalarsOf(written: unknown, key: string): Scalar[] {
  const list = Array.isArray(written) ? written : [written]
  if (list.length === 0) refuse(`“${key}” has no value`)
  if (list.length > maxValues) refuse(`“${key}” lists ${list.length} values, and ${maxValues} are the most`)
  return list.map((value: unknown): Scalar => {
    if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value as Scalar
    return refuse(`a value of “${key}” is neither text nor number`)
  })
}

function existence(field: string | undefined, values: readonly Scalar[]): Node {
  const [wanted] = values
  const isWanted = String(wanted).toLowerCase() === 'true'
  if (field === undefined || values.length !== 1 || (!isWanted && String(wanted).toLowerCase() !== 'false')) {
    return refuse('“exists” needs a field and true or false')
  }
  return { holds: (event) => event.values(field).length > 0 === isWanted, gate: undefined }
}

function readValue(field: string | undefined, value: Scalar, modifiers: Modifiers, placeholders: Placeholders): Node {
  if (value === null) return missing(field)
  if (modifiers.has('fieldref')) return sameAs(field, value, modifiers)
  return anyValue(field, matchesOf(field, value, modifiers, placeholders))
}

function missing(field: string | undefined): Node {
  if (field === undefined) return refuse('null is no keyword')
  return { holds: (event) => event.values(field).length === 0, gate: undefined }
}

/** The field's value against another field's. */
function sameAs(field: string | undefined, other: Scalar, { has }: Modifiers): Node {
  if (field === undefined || typeof other !== 'string') return refuse('“fieldref” needs two names of fields')
  const textOf = (value: Value): string => (has('cased') ? value.text : value.folded)
  const compare = has('contains')
    ? (one: string, two: string) => one.includes(two)
    : has('startswith')
      ? (one: string, two: string) => one.startsWith(two)
      : has('endswith')
        ? (one: string, two: string) => one.endsWith(two)
        : (one: string, two: string) => one === two
  const holds = (event: EventView): boolean =>
    event.values(field).some((one) => event.values(other).some((two) => compare(textOf(one), textOf(two))))
  return { holds, gate: undefined }
}

function matchesOf(field: string | undefined, value: Scalar, modifiers: Modifiers, placeholders: Placeholders): Match[] {
  const { names, has } = modifiers
  const compared = names.find(isComparison)
  if (compared !== undefined) return [comparisonMatch(compared, numberOf(String(value)))]
  const timePart = names.find(isTimePart)
  if (timePart !== undefined) return [timePartMatch(timePart, numberOf(String(value)))]
  const texts = has('expand') ? expand(String(value), placeholders) : [String(value)]
  if (has('re')) return texts.map((text) => expressionMatch(text, { i: has('i'), m: has('m'), s: has('s') }))
  if (has('cidr')) return texts.map(networkMatch)
  const changed = texts.flatMap((text) => draftsOf(text, modifiers))
  const isPlainNumber = typeof value === 'number' && field !== undefined && !names.some((name) => Object.hasOwn(changes, name))
  if (isPlainNumber) return [numberMatch(value)]
  return changed.map((draft) => textMatch(field === undefined ? contained(draft) : draft.text, has('cased')))
}

function draftsOf(text: string, { names, has }: Modifiers): Draft[] {
  // A percent sign that came with a placeholder's value was guarded from being one itself.
  const start = has('expand') ? text.replaceAll('\\%', '%') : text
  let drafts = [draftOf(start)]
  for (const name of names) {
    const change = Object.hasOwn(changes, name) ? changes[name] : undefined
    if (change) drafts = drafts.flatMap(change)
  }
  return drafts
}

/** A keyword stands anywhere in a value. */
function contained(draft: Draft): Draft['text'] {
  if (plainOf(draft.text) === '') refuse('an empty keyword fits everything')
  return changes.contains?.(draft)[0]?.text ?? draft.text
}
