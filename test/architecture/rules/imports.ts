import { type Place, placeOf, plumbing, targetOf } from '../place.ts'
import { defineRule, type Violation } from '../rule.ts'
import type { Import, Source } from '../source.ts'

/** What each part of shared may use of shared. */
const sharedMayUse: Record<string, string[]> = {
  domain: ['domain'],
  sigma: ['domain', 'sigma'],
  protocol: ['domain', 'protocol'],
  commands: ['domain', 'commands'],
  api: ['domain', 'protocol', 'commands', 'api'],
}

/** Holds the version, for whoever says it. */
const projectFile = 'package.json'

export default defineRule({
  says: 'types may cross stages, values never; agent and server never meet; shared knows nobody',
  check: (sources) => sources.flatMap((source) => source.imports.flatMap((each) => violation(source, each))),
  planted: [
    { path: 'agent/sense/sense.ts', text: `import { openSpool } from '../spool/spool.ts'` },
    { path: 'agent/sense/sense.ts', text: `const { openSpool } = await import('../spool/spool.ts')` },
    { path: 'agent/app.ts', text: `import type { Store } from '../server/store/store.ts'` },
    { path: 'server/app.ts', text: `import { startAgent } from '../agent/app.ts'` },
    { path: 'server/ticket/ticket.ts', text: `import { openStore } from '../store/store.ts'` },
    { path: 'server/ticket/ticket.ts', text: `export { route } from '../route/route.ts'` },
    { path: 'server/console/app.tsx', text: `import type { Desk } from '../desk/desk.ts'` },
    { path: 'server/ticket/ticket.ts', text: `import { apply } from '../pipeline/changes.ts'` },
    { path: 'agent/desk/desk.ts', text: `import { openSpool } from '../spool/spool.ts'` },
    { path: 'shared/domain/signal.ts', text: `import { Lane } from '../protocol/record.ts'` },
    { path: 'shared/api/session.ts', text: `import type { People } from '../../server/people/people.ts'` },
    { path: 'server/people/people.ts', text: `import { createLiveBus } from '../live.ts'` },
    { path: 'agent/wire/wire.ts', text: `import { FakeTime } from '../../test/support/fake-time.ts'` },
  ],
  allowed: [
    { path: 'agent/sense/sense.ts', text: `import type { Spool } from '../spool/spool.ts'` },
    {
      path: 'agent/app.ts',
      text: `import { openSpool } from './spool/spool.ts'\nimport project from '../package.json' with { type: 'json' }`,
    },
    { path: 'server/console/app.tsx', text: `import { Session } from '#shared/api/session.ts'` },
    { path: 'server/ticket/ticket.ts', text: `import { sentence } from './sentences.ts'\nimport type { Tx } from '../store/store.ts'` },
    {
      path: 'server/desk/hops.ts',
      text: `import { apply } from '../pipeline/changes.ts'\nimport { transition } from '../ticket/ticket.ts'`,
    },
    { path: 'test/life/story.test.ts', text: `import { startAgent } from '../../agent/app.ts'` },
  ],
})

function violation(source: Source, each: Import): Violation[] {
  const target = targetOf(source.path, each.specifier)
  if (target === undefined || target === projectFile) return []
  const what = complaint(placeOf(source.path), placeOf(target), each.isType)
  return what === undefined ? [] : [{ path: source.path, line: each.line, what: `${what}: ${each.specifier}` }]
}

function complaint(from: Place, to: Place, isType: boolean): string | undefined {
  if (from.side === 'test') return undefined
  if (to.side === 'test') return 'the product may not lean on its tests'
  if (from.side === 'shared') return complaintOfShared(from, to)
  if (to.side === 'shared') return undefined
  if (from.side !== to.side) return `${from.side} may not import from ${to.side}`
  if (isType || from.side === 'console' || isFree(from)) return undefined
  if (from.room === to.room) return undefined
  return `${from.room} may take types, but no values, from ${to.room ?? 'the plumbing of its side'}`
}

function complaintOfShared(from: Place, to: Place): string | undefined {
  if (to.side !== 'shared') return `shared may not import from ${to.side}`
  if (sharedMayUse[from.room ?? '']?.includes(to.room ?? '')) return undefined
  return `shared/${from.room} may not import from shared/${to.room}`
}

/** Plumbing news everything up and joins it, and a verb of the command line starts whatever it needs. */
const isFree = (place: Place): boolean =>
  place.room === undefined || (place.side === 'server' ? plumbing.has(place.room) : place.room === 'cli')
