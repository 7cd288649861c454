import { BadExpression, type CharSet, digits, invert, spaces, wordChars } from './tree.ts'

type Ranges = CharSet['ranges']

const single = (code: number): Ranges => [[code, code]]

const named: Record<string, Ranges> = {
  ...{ d: digits, D: invert(digits), w: wordChars, W: invert(wordChars), s: spaces, S: invert(spaces) },
  h: [
    [9, 9],
    [32, 32],
    [0xa0, 0xa0],
  ],
  ...{ t: single(9), n: single(10), v: single(11), f: single(12), r: single(13), e: single(27), a: single(7) },
}

const posix: Record<string, Ranges> = {
  digit: digits,
  word: wordChars,
  space: spaces,
  alpha: [
    [65, 90],
    [97, 122],
  ],
  upper: [[65, 90]],
  lower: [[97, 122]],
  alnum: [...digits, [65, 90], [97, 122]],
  xdigit: [...digits, [65, 70], [97, 102]],
  punct: [
    [33, 47],
    [58, 64],
    [91, 96],
    [123, 126],
  ],
}

/** What stands behind a backslash at `at`: which code units it takes, and where it ends. */
export function readEscape(text: string, at: number): { ranges: Ranges; end: number } {
  const hex = match(/x\{([\da-f]{1,4})\}|x([\da-f]{2})|u([\da-f]{4})/iy, text, at)
  if (hex) return { ranges: single(Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? '', 16)), end: at + hex[0].length }
  const octal = match(/0[0-7]{0,2}/y, text, at)
  if (octal) return { ranges: single(Number.parseInt(octal[0], 8)), end: at + octal[0].length }
  const char = text[at]
  if (char === undefined) throw new BadExpression('it ends in a single backslash')
  if (/[1-9k]/.test(char)) throw new BadExpression('it refers back to a group, which can’t be bounded in time')
  if (!/[a-z]/i.test(char)) return { ranges: single(char.charCodeAt(0)), end: at + 1 }
  const ranges = Object.hasOwn(named, char) ? named[char] : undefined
  if (!ranges) throw new BadExpression(`"\\${char}" is not supported`)
  return { ranges, end: at + 1 }
}

/** A class from behind its `[` on: `^a-z\d]`. */
export function readClass(text: string, start: number): { set: Omit<CharSet, 'isCaseless'>; end: number } {
  const isNegated = text[start] === '^'
  const ranges: [number, number][] = []
  let at = start + (isNegated ? 1 : 0)
  for (let isFirst = true; isFirst || text[at] !== ']'; isFirst = false) {
    if (at >= text.length) throw new BadExpression('a "[" is never closed')
    const from = readMember(text, at)
    at = from.end
    const isRange = text[at] === '-' && text[at + 1] !== ']' && from.code !== undefined && at + 1 < text.length
    const to = isRange ? readMember(text, at + 1) : undefined
    if (from.code === undefined || to?.code === undefined) ranges.push(...pairs(from.ranges))
    if (!to) continue
    at = to.end
    if (from.code === undefined || to.code === undefined) ranges.push(...pairs([...single(45), ...to.ranges]))
    else if (from.code > to.code) throw new BadExpression('a range in [ ] is the wrong way round')
    else ranges.push([from.code, to.code])
  }
  return { set: { ranges, isNegated }, end: at + 1 }
}

const pairs = (ranges: Ranges): [number, number][] => ranges.map(([from, to]) => [from, to])

/** One member of a class; `code` where it is one character, which alone can begin or end a range. */
function readMember(text: string, at: number): { ranges: Ranges; code: number | undefined; end: number } {
  const group = match(/\[:(\^?)(\w+):\]/y, text, at)
  if (group) {
    const known = posix[group[2] ?? '']
    if (!known) throw new BadExpression(`"${group[0]}" is not supported`)
    return { ranges: group[1] === '^' ? invert(known) : known, code: undefined, end: at + group[0].length }
  }
  if (text[at] !== '\\') return one(text.charCodeAt(at), at + 1)
  if (text[at + 1] === 'b') return one(8, at + 2)
  const { ranges, end } = readEscape(text, at + 1)
  const [first] = ranges
  return { ranges, code: ranges.length === 1 && first && first[0] === first[1] ? first[0] : undefined, end }
}

const one = (code: number, end: number) => ({ ranges: single(code), code, end })

function match(sticky: RegExp, text: string, at: number): RegExpExecArray | undefined {
  sticky.lastIndex = at
  return sticky.exec(text) ?? undefined
}
