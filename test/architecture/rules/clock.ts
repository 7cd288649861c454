import { isConsole, isEdge, isProduct } from '../place.ts'
import { defineRule, type Violation } from '../rule.ts'
import { dottedName, type Source, visit } from '../source.ts'

const clocks = new Set([
  ...['Date', 'Date.now', 'performance.now', 'process.hrtime', 'process.hrtime.bigint', 'process.uptime', 'AbortSignal.timeout'],
  ...['setTimeout', 'setInterval', 'globalThis.setTimeout', 'globalThis.setInterval'],
])
const clockModules = new Set(['node:timers', 'node:timers/promises', 'timers', 'timers/promises', 'node:perf_hooks', 'perf_hooks'])

export default defineRule({
  says: 'time enters as an argument: only system-time.ts, the edges and the console touch the real clock',
  check: (sources) => sources.filter((source) => isHeld(source.path)).flatMap((source) => [...readings(source), ...modules(source)]),
  planted: [
    { path: 'server/escalate/timers.ts', text: 'const now = Date.now()' },
    { path: 'server/escalate/timers.ts', text: 'const now = new Date()' },
    { path: 'server/escalate/timers.ts', text: 'setTimeout(fire, 1_000)' },
    { path: 'agent/sense/sense.ts', text: 'const every = setInterval(run, 10)' },
    { path: 'agent/sense/sense.ts', text: 'const started = performance.now()' },
    { path: 'agent/sense/sense.ts', text: `import { setTimeout as sleep } from 'node:timers/promises'` },
    { path: 'shared/domain/ticket.ts', text: 'const today = Temporal.Now.plainDateISO()' },
    { path: 'server/notify/notifiers/webhook.ts', text: 'await fetch(url, { signal: AbortSignal.timeout(10) })' },
  ],
  allowed: [
    { path: 'server/system-time.ts', text: 'const now = () => Date.now()' },
    { path: 'server/cli/try.ts', text: 'setTimeout(giveUp, 5_000)' },
    { path: 'server/console/board.tsx', text: 'setInterval(tick, 1_000)' },
    { path: 'server/escalate/timers.ts', text: 'const text = new Date(dueAt).toISOString(); time.after(10, fire)' },
  ],
})

const isHeld = (path: string): boolean =>
  isProduct(path) && !isEdge(path) && !isConsole(path) && path !== 'agent/system-time.ts' && path !== 'server/system-time.ts'

function readings(source: Source): Violation[] {
  const found: Violation[] = []
  const add = (offset: number, what: string): void => void found.push({ path: source.path, line: source.lineAt(offset), what })
  visit(source, {
    CallExpression(call) {
      const name = dottedName(call.callee)
      if (name !== undefined && (clocks.has(name) || name.startsWith('Temporal.Now.'))) add(call.start, `${name} reads the real clock`)
    },
    NewExpression(made) {
      if (dottedName(made.callee) === 'Date' && made.arguments.length === 0) add(made.start, 'new Date() reads the real clock')
    },
  })
  return found
}

function modules(source: Source): Violation[] {
  const bad = source.imports.filter((each) => !each.isType && clockModules.has(each.specifier))
  return bad.map((each) => ({ path: source.path, line: each.line, what: `${each.specifier} is the real clock` }))
}
