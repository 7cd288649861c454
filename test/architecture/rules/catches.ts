import type { ESTree } from 'vite'
import { defineRule, type Violation } from '../rule.ts'
import { type Source, visit } from '../source.ts'

export default defineRule({
  says: 'a catch handles, rethrows with its cause, or logs once at an edge; it is never empty',
  check: (sources) => sources.flatMap(emptyCatches),
  planted: [
    { path: 'agent/spool/spool.ts', text: 'try { write() } catch {}' },
    { path: 'agent/spool/spool.ts', text: 'try { write() } catch (error) { /* never mind */ }' },
    { path: 'agent/spool/spool.ts', text: 'await write().catch(() => {})' },
    { path: 'agent/spool/spool.ts', text: 'await write().then(next, function () {})' },
  ],
  allowed: [
    { path: 'agent/spool/spool.ts', text: 'try { write() } catch (error) { log.warn({ error }) }' },
    { path: 'agent/spool/spool.ts', text: 'const text = await read().catch(() => undefined)' },
  ],
})

function emptyCatches(source: Source): Violation[] {
  const found: Violation[] = []
  const add = (offset: number): void => void found.push({ path: source.path, line: source.lineAt(offset), what: 'the catch is empty' })
  visit(source, {
    CatchClause(clause) {
      if (clause.body.body.length === 0) add(clause.start)
    },
    CallExpression(call) {
      const handler = rejectionHandler(call)
      if (handler && isEmptyFunction(handler)) add(call.start)
    },
  })
  return found
}

/** What a promise calls when it fails: `.catch(here)` or `.then(_, here)`. */
function rejectionHandler(call: ESTree.CallExpression): ESTree.Argument | undefined {
  if (call.callee.type !== 'MemberExpression' || call.callee.property.type !== 'Identifier') return undefined
  if (call.callee.property.name === 'catch') return call.arguments[0]
  return call.callee.property.name === 'then' ? call.arguments[1] : undefined
}

function isEmptyFunction(node: ESTree.Argument): boolean {
  if (node.type !== 'ArrowFunctionExpression' && node.type !== 'FunctionExpression') return false
  return node.body?.type === 'BlockStatement' && node.body.body.length === 0
}
