import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ESTree, parseSync, Visitor, type VisitorObject } from 'vite'

/** One file of the project, parsed once, as the rules see it. */
export interface Source {
  /** From the top of the project, with slashes. */
  path: string
  text: string
  comments: { text: string; line: number }[]
  imports: Import[]
  program: ESTree.Program
  lineAt(offset: number): number
}

/** Stands where a specifier is made at run time, as for the files of a plug-in folder. */
export const computed = '(computed)'

export interface Import {
  specifier: string
  /** Only types come in; nothing is left of it at run time. */
  isType: boolean
  isDynamic: boolean
  line: number
}

export function sourceOf(path: string, text: string): Source {
  const parsed = parseSync(path, text)
  const [error] = parsed.errors
  if (error) throw new Error(`${path} can't be parsed: ${error.message}`)
  const lineAt = lineCounter(text)
  return {
    path,
    text,
    program: parsed.program,
    lineAt,
    comments: parsed.comments.map((comment) => ({ text: comment.value, line: lineAt(comment.start) })),
    imports: importsOf(parsed, text, lineAt),
  }
}

/** Every TypeScript file of both programs, of what they share, and of the tests. */
export function readSources(top: string): Source[] {
  const paths = globSync('{agent,server,shared,test}/**/*.{ts,tsx}', { cwd: top, exclude: ['**/node_modules/**', '**/dist/**'] })
  return paths.sort().map((path) => sourceOf(path.replaceAll('\\', '/'), readFileSync(join(top, path), 'utf8')))
}

export function visit(source: Source, visitor: VisitorObject): void {
  new Visitor(visitor).visit(source.program)
}

/** `a.b.c` as text when the expression is nothing but names and dots. */
export function dottedName(node: ESTree.Expression | ESTree.Super): string | undefined {
  if (node.type === 'Identifier') return node.name
  if (node.type !== 'MemberExpression' || node.computed || node.property.type !== 'Identifier') return undefined
  const object = dottedName(node.object)
  return object === undefined ? undefined : `${object}.${node.property.name}`
}

type Parsed = ReturnType<typeof parseSync>

function importsOf(parsed: Parsed, text: string, lineAt: Source['lineAt']): Import[] {
  const { staticImports, staticExports, dynamicImports } = parsed.module
  const imported = staticImports.map((statement) => ({
    specifier: statement.moduleRequest.value,
    isType: statement.entries.length > 0 && statement.entries.every((entry) => entry.isType),
    isDynamic: false,
    line: lineAt(statement.start),
  }))
  const exported = staticExports.flatMap((statement) => {
    const [entry] = statement.entries
    if (!entry?.moduleRequest) return []
    const isType = statement.entries.every((each) => each.isType)
    return [{ specifier: entry.moduleRequest.value, isType, isDynamic: false, line: lineAt(statement.start) }]
  })
  const dynamic = dynamicImports.map(({ start, moduleRequest }) => ({
    specifier: unquoted(text.slice(moduleRequest.start, moduleRequest.end)),
    isType: false,
    isDynamic: true,
    line: lineAt(start),
  }))
  return [...imported, ...exported, ...dynamic]
}

const unquoted = (written: string): string => /^(['"`])([^$]*)\1$/s.exec(written)?.[2] ?? computed

function lineCounter(text: string): (offset: number) => number {
  const ends = [...text.matchAll(/\n/g)].map((match) => match.index)
  return (offset) => {
    const index = ends.findIndex((end) => end >= offset)
    return index === -1 ? ends.length + 1 : index + 1
  }
}
