import { isWithin, readAddress, readNetwork } from './address.ts'
import type { Match } from './match.ts'
import { patternOf } from './pattern.ts'
import { expressionOf } from './regex/expression.ts'
import type { Flags } from './regex/parse.ts'
import { BadExpression } from './regex/tree.ts'
import type { Text } from './text.ts'
import { refuse } from './unsupported.ts'

const nothingCertain = { literals: undefined, isWhole: false }

export function textMatch(text: Text, isCased: boolean): Match {
  const { fits, literal, isWhole } = patternOf(text, isCased)
  const literals = literal !== '' || isWhole ? [literal] : undefined
  // Cased texts are found by their folded form and compared as they are.
  return { fits: (value) => fits(isCased ? value.text : value.folded), literals, isWhole: isWhole && !isCased }
}

/** A number fits the same number, however the event writes it: 4624, "4624", "0x1210". */
export function numberMatch(wanted: number): Match {
  const text = String(wanted)
  return {
    fits: (value) => value.text === text || numberOf(value.text) === wanted,
    literals: [text.toLowerCase()],
    isWhole: true,
    isNumber: true,
  }
}

/** NaN for what is no number; nothing is no number either. */
export function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text)
}

export function expressionMatch(source: string, flags: Flags): Match {
  try {
    const { fits, literals } = expressionOf(source, flags)
    const [first] = literals ?? []
    const mayFit = literals?.length === 1 && first !== undefined ? (folded: string) => folded.includes(first) : () => true
    return { fits: (value) => mayFit(value.folded) && fits(value.text), literals, isWhole: false }
  } catch (error) {
    if (error instanceof BadExpression) refuse(`its regular expression can’t be used: ${error.message}`)
    throw error
  }
}

export function networkMatch(written: string): Match {
  const network = readNetwork(written)
  if (!network) return refuse(`“${written.slice(0, 100)}” is no network such as 10.0.0.0/8 or fe80::/10`)
  return {
    ...nothingCertain,
    fits: (value) => {
      const address = readAddress(value.text)
      return address !== undefined && isWithin(address, network)
    },
  }
}

const comparisons: Readonly<Record<string, (found: number, wanted: number) => boolean>> = {
  gt: (found, wanted) => found > wanted,
  gte: (found, wanted) => found >= wanted,
  lt: (found, wanted) => found < wanted,
  lte: (found, wanted) => found <= wanted,
}
export const isComparison = (modifier: string): boolean => Object.hasOwn(comparisons, modifier)

export function comparisonMatch(modifier: string, wanted: number): Match {
  const compare = comparisons[modifier]
  if (!compare || Number.isNaN(wanted)) return refuse(`“${modifier}” needs a number`)
  return { ...nothingCertain, fits: (value) => compare(numberOf(value.text), wanted) }
}

const timeParts: Readonly<Record<string, (date: Date) => number>> = {
  minute: (date) => date.getUTCMinutes(),
  hour: (date) => date.getUTCHours(),
  day: (date) => date.getUTCDate(),
  week: weekOf,
  month: (date) => date.getUTCMonth() + 1,
  year: (date) => date.getUTCFullYear(),
}
export const isTimePart = (modifier: string): boolean => Object.hasOwn(timeParts, modifier)

/** A part of the instant that the field says, in UTC. */
export function timePartMatch(modifier: string, wanted: number): Match {
  const part = timeParts[modifier]
  if (!part || !Number.isInteger(wanted)) return refuse(`“${modifier}” needs a whole number`)
  return {
    ...nothingCertain,
    fits: (value) => {
      const instant = Date.parse(value.text)
      return !Number.isNaN(instant) && part(new Date(instant)) === wanted
    },
  }
}

/** ISO 8601: the week of its Thursday. */
function weekOf(date: Date): number {
  const dayMs = 86_400_000
  const thursday = new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * dayMs)
  return Math.floor((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / dayMs / 7) + 1
}
