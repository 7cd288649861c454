import { fold } from '../fold.ts'
import { type Flags, parseExpression } from './parse.ts'
import { programOf } from './program.ts'
import { fits } from './run.ts'
import { BadExpression, type CharSet, type Tree } from './tree.ts'

export interface Expression {
  fits(text: string): boolean
  /** Folded texts, one of which is in every folded text that fits; undefined where nothing is certain. */
  literals: readonly string[] | undefined
}

const maxLength = 10_000

/** Compiles once; throws BadExpression with the reason where it can't be honoured in bounded time. */
export function expressionOf(source: string, flags: Flags): Expression {
  if (source.length > maxLength) throw new BadExpression(`it is longer than ${maxLength} characters`)
  const tree = parseExpression(source, flags)
  const program = programOf(tree)
  return { fits: (text) => fits(program, text), literals: literalsOf(tree) }
}

/** The best that the tree promises: of a sequence its longest run, of a choice one of each branch. */
function literalsOf(tree: Tree): readonly string[] | undefined {
  switch (tree.kind) {
    case 'set':
      return runOf([tree])
    case 'choice':
      return joined(tree.parts.map(literalsOf))
    case 'repeat':
      return tree.min > 0 ? literalsOf(tree.part) : undefined
    case 'sequence':
      return best([runOf(tree.parts), ...tree.parts.filter(({ kind }) => kind !== 'set').map(literalsOf)])
    default:
      return undefined
  }
}

function joined(each: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  return each.every((one) => one !== undefined) ? each.flat() : undefined
}

/** The longest run of single characters that stand side by side. */
function runOf(parts: readonly Tree[]): readonly string[] | undefined {
  let [longest, run] = ['', '']
  for (const part of parts) {
    run = part.kind === 'set' ? run + (charOf(part.set) ?? '') : part.kind === 'assert' ? run : ''
    if (part.kind === 'set' && charOf(part.set) === undefined) run = ''
    if (run.length > longest.length) longest = run
  }
  return longest === '' ? undefined : [fold(longest)]
}

function charOf({ ranges, isNegated }: CharSet): string | undefined {
  const [only] = ranges
  if (isNegated || ranges.length !== 1 || !only || only[0] !== only[1]) return undefined
  return String.fromCharCode(only[0])
}

function best(each: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  const known = each.filter((one) => one !== undefined)
  const shortest = (texts: readonly string[]): number => Math.min(...texts.map(({ length }) => length))
  return known.toSorted((a, b) => shortest(b) - shortest(a))[0]
}
