import { isConsole, isProduct } from '../place.ts'
import { defineRule, type Violation } from '../rule.ts'
import type { Source } from '../source.ts'

export default defineRule({
  says: 'no state lives at module level: whatever starts is made by app.ts and returns its stop',
  check: (sources) => sources.filter(({ path }) => isProduct(path) && !isConsole(path)).flatMap(moduleState),
  planted: [
    { path: 'server/wire/wire.ts', text: 'let sessions = 0' },
    { path: 'agent/sense/sense.ts', text: 'export let last: number | undefined' },
    { path: 'agent/sense/sense.ts', text: 'const seen = new Map<string, number>()' },
  ],
  allowed: [
    {
      path: 'server/wire/wire.ts',
      text: `const known = new Set(['a', 'b'])\nexport function start() { let sessions = 0; return () => sessions++ }`,
    },
    { path: 'server/cli/try.ts', text: `const limit = 5` },
  ],
})

/** A `let`, or a collection that is empty at first and so can only be there to be filled. */
function moduleState(source: Source): Violation[] {
  return source.program.body.flatMap((statement) => {
    const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
    if (declared?.type !== 'VariableDeclaration') return []
    const isState = declared.kind !== 'const' || declared.declarations.some((each) => isEmptyCollection(source, each.init))
    return isState ? [{ path: source.path, line: source.lineAt(declared.start), what: 'state at module level' }] : []
  })
}

function isEmptyCollection(source: Source, init: { start: number; end: number } | null): boolean {
  return init !== null && /^(new (Weak)?(Map|Set)(<.*>)?\(\)|\[\])$/s.test(source.text.slice(init.start, init.end))
}
