import type { Found } from '../host/processes.ts'
import type { VerbOutcome } from './verb.ts'

/** What became of a process → what the command says of it. */
export function signalled(found: Found, done: string): VerbOutcome {
  if (found.kind === 'gone') return { outcome: 'failed', detail: 'this process is gone' }
  if (found.kind === 'spared') return { outcome: 'refused', detail: `it is spared: ${found.reason}` }
  return { outcome: 'succeeded', detail: `${found.name}: ${done}`, output: { name: found.name } }
}
