import type { DeskOutcome } from '../desk/desk.ts'
import { refuse } from './problems.ts'

/** Returns when the desk did it; otherwise the refusal that says why not. */
export function mustBeDone(outcome: DeskOutcome): void {
  switch (outcome.kind) {
    case 'done':
      return
    case 'missing':
      throw refuse('not-found', 'There is no such thing any more.')
    case 'stale':
      throw refuse('stale', `Somebody changed it meanwhile; it is at version ${outcome.version}. Read it again, then decide.`, {
        version: outcome.version,
      })
    case 'illegal':
      throw refuse('not-legal', `In its present state one can ${outcome.legal.join(', ') || 'do nothing'}.`, { legal: outcome.legal })
    case 'refused':
      throw refuse('refused', outcome.reason)
  }
}
