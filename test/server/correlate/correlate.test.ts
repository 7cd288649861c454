import { describe, expect, it } from 'vitest'
import { days, hours } from '#shared/domain/time.ts'
import { correlate, correlationKey } from '../../../server/correlate/correlate.ts'
import { caseOf, type Subject, type TicketCase, type Trouble } from '../../../server/pipeline/changes.ts'
import type { TicketsTable } from '../../../server/store/tables/ticket.ts'
import { draftTicket } from '../../../server/ticket/ticket.ts'

const now = days(100)
const matrix = { reopens: { otherwise: days(7), security: days(30) }, late: { pagesUntil: hours(1), opensUntil: hours(24) } }
const subject: Subject = {
  organisation: { id: 'o', name: 'O', mode: 'live', plan: 'standard', timeZone: 'UTC' },
  ...{ site: null, endpoint: { id: 'e', hostname: 'e' }, role: 'server', roleSource: 'facts', isolation: null },
}
const trouble = (state: Trouble['state'], kind = 'health.disk.full'): Trouble => ({
  ...{
    signalId: 's',
    kind,
    severity: 'medium',
    state,
    fingerprint: 'f',
    summary: 'It is full',
    facts: {},
    ageMs: 0,
    happenedAt: null,
    source: 'agent',
    urgency: null,
  },
})
const earlier = (ticket: Partial<TicketsTable>): TicketCase =>
  caseOf({ ...draftTicket(trouble('raised', ticket.kind), subject, { id: 't', number: 1, sourceId: null }, 0), ...ticket }, subject, [])
const ended = (ago: number, kind = 'health.disk.full') => earlier({ kind, status: 'resolved', resolved_at: now - ago })

describe('what a signal means for the ticket of the same trouble', () => {
  it.each([
    ['opens when there is none', 'raised', undefined, 'opens'],
    ['opens for what happened', 'happened', undefined, 'opens'],
    ['nothing, cleared without a ticket', 'cleared', undefined, 'nothing'],
    ['joins an open one', 'raised', earlier({}), 'joins'],
    ['joins one that somebody has', 'happened', earlier({ status: 'acknowledged' }), 'joins'],
    ['joins one that waits', 'raised', earlier({ status: 'waiting' }), 'joins'],
    ['clears an open one', 'cleared', earlier({}), 'clears'],
    ['nothing, cleared after its end', 'cleared', ended(1), 'nothing'],
    ['reopens within a week', 'raised', ended(days(7) - 1), 'reopens'],
    ['opens anew after a week', 'raised', ended(days(7)), 'opens'],
    ['reopens security within thirty days', 'happened', ended(days(30) - 1, 'security.thing'), 'reopens'],
    ['opens anew after thirty days', 'happened', ended(days(30), 'security.thing'), 'opens'],
  ] as const)('%s', (_name, state, before, verdict) => expect(correlate(trouble(state), before, false, matrix, now).kind).toBe(verdict))
})

describe('what was over before it was heard of', () => {
  const old = { ...trouble('raised'), ageMs: hours(24) + 1 }
  it.each([
    ['is nothing, more than a day later', old, undefined, true, 'nothing'],
    ['is nothing, also when its ticket could reopen', old, ended(1), true, 'nothing'],
    ['opens, a day later', { ...old, ageMs: hours(24) }, undefined, true, 'opens'],
    ['opens while it is still true', old, undefined, false, 'opens'],
    ['joins an open ticket, on which it is evidence', old, earlier({}), true, 'joins'],
    ['is nothing of security either', { ...old, kind: 'security.thing', severity: 'high' }, undefined, true, 'nothing'],
    ['opens, when it is security and critical', { ...old, kind: 'security.thing', severity: 'critical' }, undefined, true, 'opens'],
  ] as const)('%s', (_name, what, before, isOver, verdict) => expect(correlate(what, before, isOver, matrix, now).kind).toBe(verdict))
})

describe('which ticket is looked at', () => {
  const of = { organisation_id: 'o', endpoint_id: 'e', source_id: null, fingerprint: 'f' }
  it('is one of the same endpoint, or, without one, of the same source of the same organisation', () => {
    const keys = [
      of,
      { ...of, endpoint_id: 'e2' },
      { ...of, fingerprint: 'f2' },
      { ...of, endpoint_id: null },
      { ...of, endpoint_id: null, source_id: 's' },
      { ...of, endpoint_id: null, organisation_id: 'o2' },
    ].map(correlationKey)
    expect(new Set(keys).size).toBe(keys.length)
    expect(correlationKey({ ...of, organisation_id: 'elsewhere', source_id: 'any' })).toBe(correlationKey(of))
  })
})
