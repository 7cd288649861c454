import type { Changes, TicketCase } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'

/*
 * What comes and goes (pure). The latest instants at which a ticket's condition began or ended are kept on it, as many as the
 * matrix asks for, so a restart forgets none. It stays one ticket that counts, until it has been quiet for longer than usual.
 */

type Words = Pick<Matrix, 'gathering' | 'quiet'>

/** @param wasStanding before what is decided now; a new ticket stood for nothing. */
export function flip({ ticket }: TicketCase, wasStanding: boolean, { gathering }: Words, now: number): Changes {
  if ((ticket.is_standing === 1) === wasStanding) return {}
  const { changes, within, quiet } = gathering.flapping
  const before = flipsOf({ ticket })
  const flips = [...before, now].slice(-changes)
  const isNews = isOften(flips, gathering, now) && !isOften(before, gathering, before.at(-1) ?? now)
  return {
    ticket: { flips: JSON.stringify(flips) },
    entries: isNews ? [{ kind: 'flapping', actor: 'system', body: { changes, withinMs: within, quietMs: quiet } }] : [],
  }
}

/** After how much quiet it closes by itself: what comes and goes has to be away for longer. */
export const quietOf = ({ ticket }: TicketCase, { gathering, quiet }: Words, now: number): Matrix['quiet'] =>
  comesAndGoes(ticket, { gathering }, now) ? { otherwise: gathering.flapping.quiet, kinds: {} } : quiet

export const comesAndGoes = (ticket: Pick<TicketCase['ticket'], 'flips'>, { gathering }: Pick<Words, 'gathering'>, now: number): boolean =>
  isOften(flipsOf({ ticket }), gathering, now)

function isOften(flips: readonly number[], { flapping: { changes, within } }: Words['gathering'], now: number): boolean {
  const first = flips[0]
  return flips.length >= changes && first !== undefined && first >= now - within
}

const flipsOf = ({ ticket: { flips } }: { ticket: Pick<TicketCase['ticket'], 'flips'> }): number[] =>
  flips === null ? [] : (JSON.parse(flips) as number[])
