import { describe, expect, it } from 'vitest'
import { isOpen, TicketAction, TicketStatus, transition } from '#shared/domain/ticket.ts'

describe('a ticket', () => {
  it.each([
    ['new', 'acknowledge', 'acknowledged'],
    ['acknowledged', 'wait', 'waiting'],
    ['waiting', 'resume', 'acknowledged'],
    ['resolved', 'reopen', 'new'],
  ] as const)('that is %s can %s and is then %s', (from, action, to) => {
    expect(transition(from, action)).toEqual({ kind: 'moved', to })
  })

  it('can be resolved from wherever it is open', () => {
    for (const from of TicketStatus.options.filter(isOpen)) expect(transition(from, 'resolve')).toEqual({ kind: 'moved', to: 'resolved' })
  })

  it('answers an illegal action with every legal one, and each of those works', () => {
    for (const from of TicketStatus.options) {
      for (const action of TicketAction.options) {
        const outcome = transition(from, action)
        if (outcome.kind === 'moved') continue
        expect(outcome.legal).not.toContain(action)
        for (const legal of outcome.legal) expect(transition(from, legal).kind).toBe('moved')
      }
    }
  })
})
