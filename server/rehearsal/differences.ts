import type { Entry } from '../pipeline/changes.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'
import type { ToldTicket } from './history.ts'
import { reported } from './history-acts.ts'

/** What was decided otherwise. */
export interface Difference {
  what: string
  was: string | undefined
  is: string | undefined
}

/** A ticket as it was played again. */
export interface PlayedTicket {
  ticket: TicketsTable
  entries: readonly Entry[]
  /** Every timer that was ever planned: "kind due". */
  planned: readonly string[]
}

export function differencesOf(told: ToldTicket, played: PlayedTicket | undefined): Difference[] {
  const [was, is] = [linesOf(told.entries), linesOf(played?.entries ?? [])]
  const [plannedThen, plannedNow] = [told.timers.map(({ kind, due_at }) => `${kind} ${due_at}`).sort(), (played?.planned ?? []).toSorted()]
  return [
    ...unlike('line', was, is),
    ...unlike('timer', plannedThen, plannedNow),
    ...unlike('ticket', [JSON.stringify(told.ticket)], played ? [JSON.stringify(inOrder(played.ticket, told.ticket))] : []),
  ]
}

const unlike = (what: string, was: readonly string[], is: readonly string[]): Difference[] =>
  Array.from({ length: Math.max(was.length, is.length) }, (_, at) => ({ what: `${what} ${at + 1}`, was: was[at], is: is[at] })).filter(
    (each) => each.was !== each.is,
  )

/** Byte for byte, but for the ids of commands, which chance makes: each is called by its place, and answers by their verb. */
function linesOf(entries: readonly Entry[]): string[] {
  const names = new Map<unknown, string>()
  return entries
    .filter(({ kind }) => kind === 'command-settled' || !reported.has(kind))
    .map(({ at, kind, actor, body }, place) => {
      if (kind === 'command-requested') names.set(body.verb, `command of line ${place + 1}`)
      return JSON.stringify({ at, kind, actor, body: 'commandId' in body ? { ...body, commandId: names.get(body.verb) ?? '' } : body })
    })
}

const inOrder = <Row extends object>(row: Row, like: Row): Row =>
  Object.fromEntries(Object.keys(like).map((key) => [key, row[key as keyof Row]])) as Row
