import { refuse } from './unsupported.ts'

/** A condition as a tree over the names of selections. */
export type Condition =
  | { kind: 'name'; name: string }
  | { kind: 'not'; part: Condition }
  | { kind: 'and' | 'or'; parts: Condition[] }
  /** `1 of x*`, `all of them`: at least so many of the selections whose name fits. */
  | { kind: 'of'; atLeast: number | 'all'; pattern: string }

const maxDepth = 100
const token = /\s*(?:([()])|([^\s()|]+)|(\|))/y

/** `selection and not 1 of filter_*` → its tree; `not` binds before `and`, `and` before `or`. */
export function readCondition(text: string): Condition {
  const reader = new Reader(tokensOf(text))
  const condition = reader.either(0)
  if (reader.next !== undefined) refuse(`its condition can’t be read from “${reader.next}” on`)
  return condition
}

function tokensOf(text: string): string[] {
  const tokens: string[] = []
  token.lastIndex = 0
  for (let found = token.exec(text); found; found = token.exec(text)) {
    if (found[3]) refuse('its condition counts with “|”, which Sigma 2 replaced by correlation rules')
    tokens.push(found[1] ?? found[2] ?? '')
    if (tokens.length > 10_000) refuse('its condition has more than 10000 words')
    token.lastIndex = found.index + found[0].length
  }
  if (tokens.length === 0) refuse('its condition is empty')
  return tokens
}

class Reader {
  readonly #tokens: readonly string[]
  #at = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  get next(): string | undefined {
    return this.#tokens[this.#at]
  }

  either(depth: number): Condition {
    if (depth > maxDepth) refuse(`its condition is more than ${maxDepth} deep`)
    return this.#joined('or', () => this.#joined('and', () => this.#one(depth)))
  }

  #joined(kind: 'and' | 'or', read: () => Condition): Condition {
    const first = read()
    const parts = [first]
    while (this.#take(kind)) parts.push(read())
    return parts.length === 1 ? first : { kind, parts }
  }

  #one(depth: number): Condition {
    if (depth > maxDepth) refuse(`its condition is more than ${maxDepth} deep`)
    if (this.#take('not')) return { kind: 'not', part: this.#one(depth + 1) }
    if (this.#take('(')) {
      const inside = this.either(depth + 1)
      if (!this.#take(')')) refuse('a “(” in its condition is never closed')
      return inside
    }
    return this.#selection()
  }

  #selection(): Condition {
    const name = this.next
    if (name === undefined || name === ')' || isWord(name)) refuse(`its condition lacks a selection before “${name ?? 'its end'}”`)
    this.#at += 1
    const count = /^(\d+|any|all)$/i.exec(name)?.[1]?.toLowerCase()
    if (count === undefined || this.next?.toLowerCase() !== 'of') return { kind: 'name', name }
    this.#at += 1
    const pattern = this.next
    if (pattern === undefined || /^[()]$/.test(pattern)) refuse('“of” in its condition lacks a name')
    this.#at += 1
    return { kind: 'of', atLeast: count === 'all' ? 'all' : count === 'any' ? 1 : Number(count), pattern }
  }

  #take(word: string): boolean {
    if (this.next?.toLowerCase() !== word) return false
    this.#at += 1
    return true
  }
}

const isWord = (text: string): boolean => /^(and|or|of)$/i.test(text)

/** The selections that `x*` or `them` means; `them` leaves out those whose names begin with `_`. */
export function namesFor(pattern: string, names: readonly string[]): string[] {
  if (pattern.toLowerCase() === 'them') return names.filter((name) => !name.startsWith('_'))
  const parts = pattern.split('*')
  const [head = '', tail = ''] = [parts[0], parts.at(-1)]
  return names.filter((name) => (parts.length === 1 ? name === pattern : fitsParts(name, head, parts.slice(1, -1), tail)))
}

function fitsParts(name: string, head: string, between: readonly string[], tail: string): boolean {
  if (!name.startsWith(head)) return false
  let at = head.length
  for (const part of between) {
    const found = name.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return name.length - tail.length >= at && name.endsWith(tail)
}
