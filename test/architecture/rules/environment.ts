import { isConsole, isEdge, isProduct } from '../place.ts'
import { defineRule, type Violation } from '../rule.ts'
import { dottedName, type Source, visit } from '../source.ts'

export default defineRule({
  says: 'only config.ts and the edges look at the environment, and only the command line prints',
  check: (sources) => sources.filter((source) => isHeld(source.path)).flatMap(looks),
  planted: [
    { path: 'agent/wire/wire.ts', text: 'const url = process.env.COLLECTOR' },
    { path: 'server/app.ts', text: `const url = process.env['DATABASE_URL']` },
    { path: 'server/ingest/ingest.ts', text: `console.log('got it')` },
    { path: 'agent/spool/spool.ts', text: `process.exit(1)` },
  ],
  allowed: [
    { path: 'agent/config.ts', text: 'const data = process.env.TIERLINE_DATA' },
    { path: 'server/cli/help.ts', text: `console.log('Tierline')` },
    { path: 'server/console/app.tsx', text: `console.warn('lost the live stream')` },
  ],
})

const isHeld = (path: string): boolean => isProduct(path) && !isEdge(path) && !isConsole(path) && !/^(agent|server)\/config\.ts$/.test(path)

function looks(source: Source): Violation[] {
  const found: Violation[] = []
  visit(source, {
    MemberExpression(member) {
      const name = dottedName(member)
      if (name !== 'process.env' && name !== 'process.exit' && !name?.startsWith('console.')) return
      found.push({ path: source.path, line: source.lineAt(member.start), what: `${name} belongs to an edge` })
    },
  })
  return found
}
