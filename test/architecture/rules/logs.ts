import type { ESTree } from 'vite'
import { isProduct } from '../place.ts'
import { defineRule, type Violation } from '../rule.ts'
import { type Source, visit } from '../source.ts'

export default defineRule({
  says: 'an error is logged as `err`: under any other name pino writes {}',
  check: (sources) => sources.filter(({ path }) => isProduct(path)).flatMap(lostErrors),
  planted: [
    { path: 'server/due/due.ts', text: "log.error({ error }, 'it failed')" },
    { path: 'agent/spool/spool.ts', text: "this.#options.log.warn({ error: cause, lane }, 'later')" },
  ],
  allowed: [
    { path: 'server/due/due.ts', text: "log.error({ err: error }, 'it failed')" },
    { path: 'server/due/due.ts', text: "log.error({ reason: sentenceOf(error) }, 'it failed')" },
    { path: 'server/due/due.ts', text: 'fail({ error })' },
  ],
})

const levels: ReadonlySet<string> = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])

function lostErrors(source: Source): Violation[] {
  const found: Violation[] = []
  visit(source, {
    CallExpression(call) {
      const [about] = call.arguments
      if (!isLogging(call) || about?.type !== 'ObjectExpression' || !about.properties.some(isNamedError)) return
      found.push({ path: source.path, line: source.lineAt(call.start), what: 'an error is logged as `error`' })
    },
  })
  return found
}

function isLogging({ callee }: ESTree.CallExpression): boolean {
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier' || !levels.has(callee.property.name)) return false
  const { object } = callee
  if (object.type === 'Identifier') return object.name === 'log'
  return object.type === 'MemberExpression' && object.property.type === 'Identifier' && object.property.name === 'log'
}

const isNamedError = (property: ESTree.ObjectExpression['properties'][number]): boolean =>
  property.type === 'Property' && property.key.type === 'Identifier' && property.key.name === 'error'
