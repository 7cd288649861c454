import { readClass, readEscape } from './classes.ts'
import { type Assertion, BadExpression, type CharSet, emptyTree, type Tree } from './tree.ts'

/** `i` case-insensitive, `m` `^` and `$` at lines, `s` the dot takes newlines too. */
export interface Flags {
  i: boolean
  m: boolean
  s: boolean
}

/** How deep groups may stand in each other. */
const maxDepth = 100
/** The largest `{n}`; what it grows to is bounded once more where it is compiled. */
const maxRepeat = 1_000

/** The text of an expression in the common tongue of PCRE, Python and JavaScript → its tree, or BadExpression. */
export function parseExpression(text: string, flags: Flags): Tree {
  const parser = new Parser(text, flags)
  const tree = parser.choice(0)
  if (!parser.isAtEnd()) throw new BadExpression(`it has a ")" too many at character ${parser.at + 1}`)
  return tree
}

class Parser {
  readonly #text: string
  #flags: Flags
  at = 0

  constructor(text: string, flags: Flags) {
    this.#text = text
    this.#flags = { ...flags }
  }

  isAtEnd(): boolean {
    return this.at >= this.#text.length
  }

  choice(depth: number): Tree {
    if (depth > maxDepth) throw new BadExpression(`its groups stand more than ${maxDepth} deep`)
    const before = this.#flags
    const parts = [this.#sequence(depth)]
    while (this.#take('|')) parts.push(this.#sequence(depth))
    // Flags set inside a group end with it.
    this.#flags = before
    const [only] = parts
    return parts.length === 1 && only ? only : { kind: 'choice', parts }
  }

  #sequence(depth: number): Tree {
    const parts: Tree[] = []
    while (!this.isAtEnd() && !this.#isNext('|') && !this.#isNext(')')) parts.push(this.#repeated(this.#atom(depth)))
    return { kind: 'sequence', parts }
  }

  #repeated(part: Tree): Tree {
    let tree = part
    for (let bounds = this.#bounds(); bounds; bounds = this.#bounds()) {
      const [min, max] = bounds
      if (this.#take('+')) throw new BadExpression('it has a possessive quantifier, which is not supported')
      this.#take('?')
      if (min > max) throw new BadExpression(`{${min},${max}} is the wrong way round`)
      tree = { kind: 'repeat', part: tree, min, max }
    }
    return tree
  }

  #bounds(): [number, number] | undefined {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY]
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY]
    if (this.#take('?')) return [0, 1]
    const counted = this.#match(/\{(\d+)(,(\d*))?\}/y)
    if (!counted) return undefined
    const [, least = '', comma, most = ''] = counted
    const max = comma === undefined ? Number(least) : most === '' ? Number.POSITIVE_INFINITY : Number(most)
    if (Number(least) > maxRepeat || (Number.isFinite(max) && max > maxRepeat)) {
      throw new BadExpression(`it repeats more than ${maxRepeat} times`)
    }
    return [Number(least), max]
  }

  #atom(depth: number): Tree {
    const char = this.#next()
    switch (char) {
      case '(':
        return this.#group(depth)
      case '[':
        return this.#set(this.#class())
      case '.':
        return this.#set({ ranges: this.#flags.s ? [] : [[10, 10]], isNegated: true })
      case '^':
        return assert(this.#flags.m ? 'line-start' : 'text-start')
      case '$':
        return assert(this.#flags.m ? 'line-end' : 'before-last-newline')
      case '\\':
        return this.#escape()
      case '*':
      case '+':
      case '?':
        throw new BadExpression(`nothing stands before the "${char}" at character ${this.at}`)
      default:
        return this.#literal(char.charCodeAt(0))
    }
  }

  #group(depth: number): Tree {
    const look = this.#match(/\?(<?)([=!])/y)
    if (look) return { kind: 'look', part: this.#inside(depth), isAhead: look[1] === '', isNegated: look[2] === '!' }
    const flags = this.#match(/\?([ims]*)(?:-([ims]*))?([:)])/y)
    if (flags) return this.#flagged(depth, flags[1] ?? '', flags[2] ?? '', flags[3] === ')')
    if (this.#match(/\?#[^)]*\)/y)) return emptyTree
    if (this.#match(/\?P?<[A-Za-z_]\w*>/y) || !this.#isNext('?')) return this.#inside(depth)
    throw new BadExpression(`"(${this.#text.slice(this.at, this.at + 3)}" is a kind of group that is not supported`)
  }

  /** `(?i)` holds until its group ends, `(?i:…)` inside itself. */
  #flagged(depth: number, on: string, off: string, isUntilEnd: boolean): Tree {
    const before = this.#flags
    const of = (flag: keyof Flags): boolean => (before[flag] || on.includes(flag)) && !off.includes(flag)
    this.#flags = { i: of('i'), m: of('m'), s: of('s') }
    if (isUntilEnd) return emptyTree
    const tree = this.#inside(depth)
    this.#flags = before
    return tree
  }

  #inside(depth: number): Tree {
    const tree = this.choice(depth + 1)
    if (!this.#take(')')) throw new BadExpression('a "(" is never closed')
    return tree
  }

  #class(): Omit<CharSet, 'isCaseless'> {
    const { set, end } = readClass(this.#text, this.at)
    this.at = end
    return set
  }

  #escape(): Tree {
    const edge = this.#match(/[bBAzZ]/y)?.[0]
    if (edge !== undefined) return assert(edges[edge] ?? 'text-end')
    const { ranges, end } = readEscape(this.#text, this.at)
    this.at = end
    return this.#set({ ranges, isNegated: false })
  }

  #literal(code: number): Tree {
    return this.#set({ ranges: [[code, code]], isNegated: false })
  }

  #set(set: Omit<CharSet, 'isCaseless'>): Tree {
    return { kind: 'set', set: { ...set, isCaseless: this.#flags.i } }
  }

  #next(): string {
    const char = this.#text[this.at] ?? ''
    this.at += 1
    return char
  }

  #isNext(char: string): boolean {
    return this.#text[this.at] === char
  }

  #take(char: string): boolean {
    if (!this.#isNext(char)) return false
    this.at += 1
    return true
  }

  #match(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.at
    const found = sticky.exec(this.#text) ?? undefined
    if (found) this.at += found[0].length
    return found
  }
}

const edges: Record<string, Assertion> = { b: 'word-edge', B: 'no-word-edge', A: 'text-start', z: 'text-end', Z: 'before-last-newline' }
const assert = (what: Assertion): Tree => ({ kind: 'assert', what })
