import { defineRule, type Violation } from '../rule.ts'
import { type Source, visit } from '../source.ts'

const silencer = /@ts-(ignore|nocheck|expect-error)/

export default defineRule({
  says: 'nothing is untyped, and nobody tells the compiler to look away',
  check: (sources) => sources.flatMap((source) => [...anys(source), ...silencers(source)]),
  planted: [
    { path: 'server/wire/wire.ts', text: 'const frame: any = read()' },
    { path: 'server/wire/wire.ts', text: 'const frames = read() as any[]' },
    { path: 'test/server/wire/wire.test.ts', text: '// @ts-expect-error it is wrong on purpose\nsend(1)' },
    { path: 'server/wire/wire.ts', text: '/* @ts-ignore */\nsend(1)' },
  ],
  allowed: [{ path: 'server/wire/wire.ts', text: `// any word in a comment is fine\nconst any: unknown = 'any'` }],
})

function anys(source: Source): Violation[] {
  const found: Violation[] = []
  visit(source, {
    TSAnyKeyword: (node) => void found.push({ path: source.path, line: source.lineAt(node.start), what: 'any' }),
  })
  return found
}

function silencers(source: Source): Violation[] {
  return source.comments.flatMap((comment) => {
    const word = silencer.exec(comment.text)?.[0]
    return word === undefined ? [] : [{ path: source.path, line: comment.line, what: word }]
  })
}
