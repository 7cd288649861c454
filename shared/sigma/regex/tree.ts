/** A regular expression as a tree. Only whether it fits is ever asked, so groups, captures and laziness leave no trace in it. */
export type Tree =
  | { kind: 'set'; set: CharSet }
  | { kind: 'sequence'; parts: Tree[] }
  | { kind: 'choice'; parts: Tree[] }
  | { kind: 'repeat'; part: Tree; min: number; max: number }
  | { kind: 'assert'; what: Assertion }
  | { kind: 'look'; part: Tree; isAhead: boolean; isNegated: boolean }

export type Assertion = 'text-start' | 'text-end' | 'line-start' | 'line-end' | 'before-last-newline' | 'word-edge' | 'no-word-edge'

/** Which code units fit. */
export interface CharSet {
  ranges: readonly (readonly [number, number])[]
  isNegated: boolean
  isCaseless: boolean
}

/** What can't be honoured; the message says why, and stands in the list of rules that were refused. */
export class BadExpression extends Error {}

export const emptyTree: Tree = { kind: 'sequence', parts: [] }

const codeOf = (char: string): number => char.charCodeAt(0)

export const digits: CharSet['ranges'] = [[codeOf('0'), codeOf('9')]]
export const wordChars: CharSet['ranges'] = [...digits, [codeOf('A'), codeOf('Z')], [codeOf('_'), codeOf('_')], [codeOf('a'), codeOf('z')]]
export const spaces: CharSet['ranges'] = [
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]
const lastUnit = 0xffff

/** Everything that isn't in `ranges`, so that `[^\W]` and `[\D_]` are lists of ranges as well. */
export function invert(ranges: CharSet['ranges']): CharSet['ranges'] {
  const sorted = ranges.toSorted(([a], [b]) => a - b)
  const out: [number, number][] = []
  let next = 0
  for (const [from, to] of sorted) {
    if (from > next) out.push([next, from - 1])
    next = Math.max(next, to + 1)
  }
  if (next <= lastUnit) out.push([next, lastUnit])
  return out
}

/** Whether `code` is in the set; by a table for ASCII, which nearly everything is. */
export function testerOf(set: CharSet): (code: number) => boolean {
  const ascii = Uint8Array.from({ length: 128 }, (_, code) => (isIn(set, code) ? 1 : 0))
  return (code) => (code < 128 ? ascii[code] === 1 : isIn(set, code))
}

function isIn({ ranges, isNegated, isCaseless }: CharSet, code: number): boolean {
  const isListed = inRanges(ranges, code) || (isCaseless && otherCases(code).some((other) => inRanges(ranges, other)))
  return isListed !== isNegated
}

const inRanges = (ranges: CharSet['ranges'], code: number): boolean => ranges.some(([from, to]) => from <= code && code <= to)

/** The letter's other case, where the two lead to each other. */
function otherCases(code: number): number[] {
  const char = String.fromCharCode(code)
  const [lower, upper] = [char.toLowerCase(), char.toUpperCase()]
  return [lower, upper].filter((other) => other.length === 1 && other !== char && upper.toLowerCase() === lower).map(codeOf)
}
