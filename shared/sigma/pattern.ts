import { fold } from './fold.ts'
import type { Text, Token } from './text.ts'

export interface Pattern {
  /** Asked with a folded text, unless the pattern was made for one with its case. */
  fits(text: string): boolean
  /** Folded; stands in every folded text that fits. Empty where nothing is certain. */
  literal: string
  /** The literal is all there is to it. */
  isWhole: boolean
}

/** Hyphen, slash, en dash, em dash, horizontal bar: what Windows programs take for the beginning of a flag. */
const dashes = '-/\u2013\u2014\u2015'

/** What stands between two `*`: a plain text, or one unit for each character. */
interface Segment {
  length: number
  plain: string | undefined
  units: readonly (string | undefined)[]
}

/** @param isCased whether `fits` is asked with texts as they are. */
export function patternOf(text: Text, isCased: boolean): Pattern {
  const own = isCased ? text : text.map((token) => (typeof token === 'string' ? token : { text: fold(token.text) }))
  const segments = segmentsOf(own)
  const literals = segments.flatMap(runsOf).map(fold)
  const literal = literals.toSorted((a, b) => b.length - a.length)[0] ?? ''
  const [only] = segments
  const isWhole = segments.length === 1 && only?.plain !== undefined
  return { fits: fitterOf(segments), literal, isWhole }
}

/** The common shapes by the engine's own search; the others piece by piece, from left to right, which is never slower than length × length. */
function fitterOf(segments: readonly Segment[]): Pattern['fits'] {
  const [first, middle, last] = segments
  if (first?.plain !== undefined && segments.length === 1) return (text) => text === first.plain
  if (first?.plain !== undefined && middle?.plain !== undefined) {
    const [head, tail] = [first.plain, middle.plain]
    if (segments.length === 2 && tail === '') return (text) => text.startsWith(head)
    if (segments.length === 2 && head === '') return (text) => text.endsWith(tail)
    if (segments.length === 3 && head === '' && last?.plain === '') return (text) => text.includes(tail)
  }
  return (text) => fitsAll(segments, text)
}

function fitsAll(segments: readonly Segment[], text: string): boolean {
  const [first, ...others] = segments
  const last = others.pop()
  if (!first || !standsAt(first, text, 0)) return false
  if (!last) return first.length === text.length
  const end = text.length - last.length
  let at = first.length
  for (const segment of others) {
    const found = find(segment, text, at, end)
    if (found === -1) return false
    at = found + segment.length
  }
  return at <= end && standsAt(last, text, end)
}

function find(segment: Segment, text: string, from: number, end: number): number {
  if (segment.plain !== undefined) {
    const found = text.indexOf(segment.plain, from)
    return found + segment.length <= end ? found : -1
  }
  for (let at = from; at + segment.length <= end; at += 1) if (standsAt(segment, text, at)) return at
  return -1
}

function standsAt({ plain, units, length }: Segment, text: string, at: number): boolean {
  if (at < 0 || at + length > text.length) return false
  if (plain !== undefined) return text.startsWith(plain, at)
  return units.every((unit, index) => unit === undefined || unit.includes(text[at + index] ?? '\0\0'))
}

function segmentsOf(text: Text): Segment[] {
  const parts: Token[][] = [[]]
  for (const token of text) {
    if (token === 'any') parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts.map(segmentOf)
}

/** A unit is the characters that fit in its place; undefined is any. */
function segmentOf(tokens: readonly Token[]): Segment {
  const units = tokens.flatMap((token): (string | undefined)[] =>
    token === 'one' || token === 'any' ? [undefined] : token === 'dash' ? [dashes] : token.text.split(''),
  )
  const isPlain = tokens.every((token) => typeof token !== 'string')
  return { length: units.length, plain: isPlain ? units.join('') : undefined, units: isPlain ? [] : units }
}

/** The plain texts in a segment. */
function runsOf({ plain, units }: Segment): string[] {
  if (plain !== undefined) return [plain]
  const runs = ['']
  for (const unit of units) {
    if (unit?.length === 1) runs.push((runs.pop() ?? '') + unit)
    else runs.push('')
  }
  return runs
}
