import type { ESTree } from 'vite'
import { writers } from '../../../server/store/schema.ts'
import { placeOf } from '../place.ts'
import { defineRule, type Violation } from '../rule.ts'
import { type Source, visit } from '../source.ts'

/** Which argument of a call names the table it writes: Kysely's builders, and the store's own ways past them. */
const writing = new Map([
  ...['insertInto', 'replaceInto', 'updateTable', 'deleteFrom', 'mergeInto'].map((name) => [name, 0] as const),
  ...['putRows', 'dropRows', 'updateRows', 'claimRows'].map((name) => [name, 1] as const),
  ['dropRows', 1],
  ['updateRows', 1],
  ['claimRows', 1],
])
/** The same four acts in SQL itself; `update … set`, because "update" alone is a word. */
const writingSql = /\b(?:(?:insert|replace|merge)\s+(?:or\s+\w+\s+)?into|delete\s+from|update(?=\s+\S+\s+set\b))\s+["`]?([a-z_]+)/gi

export default defineRule({
  says: 'each table has one writing stage: the one that server/store/schema.ts names',
  check: (sources) => sources.filter((source) => isHeld(source.path)).flatMap((source) => [...builderWrites(source), ...sqlWrites(source)]),
  planted: [
    { path: 'server/http/resources/tickets.ts', text: `await db.updateTable('tickets').set({ status: 'resolved' }).execute()` },
    { path: 'server/ingest/ingest.ts', text: `await tx.insertInto('samples').values(rows).execute()` },
    { path: 'server/desk/desk.ts', text: `await tx.deleteFrom('timers').execute()` },
    { path: 'server/audit/audit.ts', text: `await tx.insertInto(table).values(row).execute()` },
    { path: 'server/presence/presence.ts', text: `await store.capabilities.putRows(tx, 'signals', rows, 'ignore')` },
    { path: 'server/http/reads/samples.ts', text: `await store.capabilities.dropRows(tx, 'samples', rows)` },
    { path: 'server/presence/presence.ts', text: `await dropRows(tx, 'signals', rows)` },
    { path: 'server/measure/measure.ts', text: 'await sql`insert or ignore into signals (id) values (1)`.execute(tx)' },
    { path: 'server/measure/measure.ts', text: `database.exec('UPDATE tickets SET status = 1')` },
  ],
  allowed: [
    { path: 'server/ticket/ticket.ts', text: `await tx.insertInto('timeline').values(row).execute()` },
    { path: 'server/measure/measure.ts', text: `await db.selectFrom('tickets').selectAll().execute()` },
    { path: 'server/measure/measure.ts', text: `log.info('update tickets by hand')` },
    { path: 'server/store/migrations/0002.ts', text: `await db.updateTable('tickets').set({ rule: '' }).execute()` },
    { path: 'test/server/ticket/ticket.test.ts', text: `await db.insertInto('tickets').values(row).execute()` },
  ],
})

/** A migration writes whatever it moves; a dialect writes what it is handed, by callers who are held; a drill has a database of its own. */
const isHeld = (path: string): boolean => /^server\//.test(path) && !/^server\/(store\/(migrations|dialects)|drill)\//.test(path)

function builderWrites(source: Source): Violation[] {
  const found: Violation[] = []
  visit(source, {
    CallExpression(call) {
      const name = nameOf(call.callee)
      const position = name === undefined ? undefined : writing.get(name)
      if (position === undefined) return
      const argument = call.arguments[position]
      const table = argument?.type === 'Literal' && typeof argument.value === 'string' ? argument.value : undefined
      found.push(...violation(source, call.start, table))
    },
  })
  return found
}

/** The last word of `store.capabilities.putRows(…)`, of `putRows(…)`, and of a builder on whatever was called before. */
function nameOf(callee: ESTree.Expression | ESTree.Super): string | undefined {
  if (callee.type === 'Identifier') return callee.name
  return callee.type === 'MemberExpression' && callee.property.type === 'Identifier' ? callee.property.name : undefined
}

function sqlWrites(source: Source): Violation[] {
  return [...source.text.matchAll(writingSql)].flatMap((match) => {
    const table = match[1]?.toLowerCase() ?? ''
    return Object.hasOwn(writers, table) ? violation(source, match.index, table) : []
  })
}

function violation(source: Source, offset: number, table: string | undefined): Violation[] {
  const at = { path: source.path, line: source.lineAt(offset) }
  if (table === undefined) return [{ ...at, what: 'a table is named where it is written' }]
  const writer = (writers as Record<string, string>)[table]
  return writer === placeOf(source.path).room ? [] : [{ ...at, what: `${table} is written by ${writer ?? 'nobody: it is no table'}` }]
}
