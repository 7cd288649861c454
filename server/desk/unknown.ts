import type { FoundOutcome } from '#shared/domain/command.ts'
import { resolveUnknown } from '../command/resolve.ts'
import { type Kept, nothingKept } from '../pipeline/keep.ts'
import type { DeskOptions, DeskOutcome, Person } from './desk.ts'
import type { SigningOptions } from './signing.ts'

/*
 * A command that was begun and whose end nobody knows: a person looks at the machine and says what they found. What was
 * unknown stays a fact; what was found is another, with who and when.
 */

export interface Finding {
  commandId: string
  outcome: FoundOutcome
  note: string
  person: Person
}

type Options = Pick<DeskOptions, 'time' | 'turns' | 'afterCommit'> & Pick<SigningOptions, 'sayOnTimeline'>

export function createFind({ time, turns, afterCommit, sayOnTimeline }: Options): (finding: Finding) => Promise<DeskOutcome> {
  return async ({ commandId, outcome, note, person }) => {
    const now = time.now()
    const resolution = { outcome, note, by: person.id, at: now }
    const kept = await turns(async (tx): Promise<Kept | undefined> => {
      const command = await resolveUnknown(tx, commandId, resolution)
      if (!command) return undefined
      const { ticket_id: ticketId, verb, organisation_id: organisationId, endpoint_id: endpointId } = command
      const body = { commandId, verb, outcome, note }
      if (ticketId !== null) await sayOnTimeline(tx, ticketId, { at: now, kind: 'command-resolved', actor: person.id, body })
      await person.record?.(tx)
      return { ...nothingKept, commands: [{ id: commandId, organisationId, endpointId }] }
    })
    if (!kept) return { kind: 'refused', reason: 'The outcome of this command is known, or somebody has said it already.' }
    afterCommit(kept)
    return { kind: 'done', version: 0 }
  }
}
