import { defineRule, type Violation } from '../rule.ts'
import { dottedName, type Source, visit } from '../source.ts'

const left = /^(it|test|describe)(\.\w+)*\.(skip|only|todo)$/

export default defineRule({
  says: 'no test is skipped, left for later, or run alone; what can not run here says so by skipIf',
  check: (sources) => sources.filter(({ path }) => path.startsWith('test/')).flatMap(leftOut),
  planted: [
    { path: 'test/life/story.test.ts', text: `it.skip('is not ready', () => {})` },
    { path: 'test/life/story.test.ts', text: `describe.only('this one', () => {})` },
    { path: 'test/life/story.test.ts', text: `test.todo('later')` },
  ],
  allowed: [{ path: 'test/life/story.test.ts', text: `describe.skipIf(!isRoot)('in namespaces', () => {})` }],
})

function leftOut(source: Source): Violation[] {
  const found: Violation[] = []
  visit(source, {
    CallExpression(call) {
      const name = dottedName(call.callee)
      if (name !== undefined && left.test(name)) found.push({ path: source.path, line: source.lineAt(call.start), what: name })
    },
  })
  return found
}
