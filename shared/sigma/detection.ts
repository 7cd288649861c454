import { type Condition, namesFor, readCondition } from './condition.ts'
import { type Placeholders, readItem } from './item.ts'
import { all, any, atLeast, type Node, not } from './node.ts'
import { refuse } from './unsupported.ts'

/** How many lists and maps may stand in each other. */
const maxDepth = 20

/** A rule's `detection` → one question to an event; Unsupported is thrown with the reason where it can't be asked. */
export function readDetection(detection: Readonly<Record<string, unknown>>, placeholders: Placeholders): Node {
  const { condition, timeframe, ...written } = detection
  if (timeframe !== undefined) refuse('it has a timeframe, which Sigma 2 replaced by correlation rules')
  const conditions = Array.isArray(condition) ? condition : [condition]
  if (conditions.length === 0 || !conditions.every((each) => typeof each === 'string')) refuse('it has no condition')
  const selections = new Map(Object.entries(written).map(([name, selection]) => [name, readSelection(selection, placeholders, 0)]))
  return any(conditions.map((each) => build(readCondition(each), selections)))
}

/** A map is true when all its items are, a list when one of its maps or keywords is. */
function readSelection(written: unknown, placeholders: Placeholders, depth: number): Node {
  if (depth > maxDepth) refuse(`its lists stand more than ${maxDepth} deep`)
  if (Array.isArray(written)) return readList(written, placeholders, depth)
  if (typeof written !== 'object' || written === null) return readItem('', written, placeholders)
  const items = Object.entries(written)
  if (items.length === 0) refuse('a selection is empty')
  return all(items.map(([key, value]) => readItem(key, value, placeholders)))
}

function readList(written: readonly unknown[], placeholders: Placeholders, depth: number): Node {
  if (written.length === 0) refuse('a selection is empty')
  const keywords = written.filter((each) => typeof each !== 'object' || each === null)
  const nested = written.filter((each) => typeof each === 'object' && each !== null)
  return any([
    ...(keywords.length > 0 ? [readItem('', keywords, placeholders)] : []),
    ...nested.map((each) => readSelection(each, placeholders, depth + 1)),
  ])
}

function build(condition: Condition, selections: ReadonlyMap<string, Node>): Node {
  switch (condition.kind) {
    case 'name':
      return selections.get(condition.name) ?? refuse(`its condition names “${condition.name}”, which it has not`)
    case 'not':
      return not(build(condition.part, selections))
    case 'and':
      return all(condition.parts.map((part) => build(part, selections)))
    case 'or':
      return any(condition.parts.map((part) => build(part, selections)))
    case 'of':
      return several(condition, selections)
  }
}

function several({ atLeast: wanted, pattern }: Extract<Condition, { kind: 'of' }>, selections: ReadonlyMap<string, Node>): Node {
  const names = namesFor(pattern, [...selections.keys()])
  const nodes = names.flatMap((name) => selections.get(name) ?? [])
  if (nodes.length === 0) refuse(`its condition asks for “${pattern}”, and no selection is called so`)
  if (wanted === 'all') return all(nodes)
  if (wanted === 0 || wanted > nodes.length) refuse(`its condition asks for ${wanted} of ${nodes.length} selections`)
  return wanted === 1 ? any(nodes) : atLeast(wanted, nodes)
}
