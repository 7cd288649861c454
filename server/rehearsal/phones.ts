import { usualLimits } from '../notify/holding.ts'
import { noticesOf } from '../notify/notify.ts'
import type { Paging } from '../page/page.ts'
import type { Roster } from '../people/roster.ts'
import { decideCalls, lookAt, lookOf, needsOf } from '../pipeline/attend.ts'
import type { TicketCase } from '../pipeline/changes.ts'
import type { Rules } from '../pipeline/keep.ts'
import { memoryOf } from '../pipeline/work.ts'

/*
 * Who would be called, and what customers would hear, over memory: one person is on call for each team, with one telephone,
 * and every organisation has a named contact. What outbox and holding.ts do with rows is done with counts here: nobody is paged
 * twice within the quiet time, and what became one of many meanwhile is told to nobody.
 */

export interface Phones {
  /** Who shall have each ticket, and whom to call for it. */
  attended(cases: readonly TicketCase[], now: number): readonly TicketCase[]
  /** What was kept of a ticket, for customers. */
  tell(work: TicketCase, now: number): void
  /** Time has come to here. */
  moveTo(now: number): void
  /** How often the telephone of whoever was called most rang. */
  mostCalls(): number
  /** How often customers heard of something. */
  readonly mailsToCustomers: number
}

interface Phone {
  rangAt: number
  rings: number
  /** Tickets for which it shall ring once it may. */
  waiting: Set<string>
}

export function createPhones(rules: Rules, isStaffed: boolean): Phones {
  const { matrix } = rules
  const pagings = new Map<string, Paging>()
  const phones = new Map<string, Phone>()
  /** As they stand: who would still be called for them. */
  const calling = new Set<string>()
  const mails: { ticketId: string; at: number }[] = []
  let sent = 0
  const roster = rosterOf(rules)

  const ring = (id: string, ticketId: string, now: number): void => {
    const phone = phones.get(id) ?? { rangAt: Number.NEGATIVE_INFINITY, rings: 0, waiting: new Set() }
    phones.set(id, phone)
    if (now >= phone.rangAt + usualLimits.quietMs) rung(phone, now)
    else phone.waiting.add(ticketId)
  }
  const rung = (phone: Phone, now: number): void => {
    phone.rangAt = now
    phone.rings += 1
    phone.waiting.clear()
  }
  return {
    attended(cases, now) {
      const needs = isStaffed ? needsOf(rules, cases) : undefined
      if (!needs) return cases
      const seen = lookAt(cases, needs, { rules, roster, pagings, work: memoryOf([]), isQuiet: () => false, now })
      for (const { step } of seen.wanted) if (step?.paging) pagings.set(step.paging.ticket_id, step.paging)
      const reach = { ways: new Map(roster.members.map(({ id }) => [id, id])), isAnybodyTold: true }
      const called = decideCalls(seen, reach)
      for (const { isPage, person, work } of called.calls) if (isPage) ring(person.id, work.ticket.id, now)
      return called.cases
    },
    tell(work, now) {
      const { ticket } = work
      if (ticket.status === 'new' && ticket.parent_id === null) calling.add(ticket.id)
      else calling.delete(ticket.id)
      const wasGathered = work.entries.some(({ kind }) => kind === 'gathered')
      if (wasGathered) for (let at = mails.length - 1; at >= 0; at--) if (mails[at]?.ticketId === ticket.id) mails.splice(at, 1)
      if (!isStaffed) return
      const after = matrix.gathering.storm.customersHearAfter
      for (const { isForContacts, isProviders, maySettle } of noticesOf(work, lookOf(rules, work, undefined, now)))
        if (isForContacts && !isProviders) mails.push({ ticketId: ticket.id, at: maySettle ? now + after : now })
    },
    moveTo(now) {
      for (const phone of phones.values()) {
        const isWanted = [...phone.waiting].some((ticketId) => calling.has(ticketId))
        if (isWanted && now >= phone.rangAt + usualLimits.quietMs) rung(phone, phone.rangAt + usualLimits.quietMs)
      }
      const due = mails.filter(({ at }) => at <= now)
      sent += due.length
      for (const mail of due) mails.splice(mails.indexOf(mail), 1)
    },
    mostCalls: () => Math.max(0, ...[...phones.values()].map(({ rings }) => rings)),
    get mailsToCustomers() {
      return sent
    },
  }
}

function rosterOf({ matrix }: Rules): Roster {
  const members = Object.keys(matrix.teams).map((team) => ({
    ...{ id: team, name: team, organisationId: null, isAdmin: team === 'admin', teams: [team], leads: [], skills: [], wipLimit: null },
  }))
  return { members, shifts: [], rotations: [], overrides: [], absences: [], passesTo: (team) => matrix.teams[team]?.passesTo }
}
