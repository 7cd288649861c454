import { describe, expect, it } from 'vitest'
import { TimelineKind } from '#shared/domain/ticket.ts'
import { days, hours, minutes } from '#shared/domain/time.ts'
import { headline, sentence } from '../../../server/ticket/sentences.ts'

describe('a line of a timeline as a sentence', () => {
  it.each([
    ['opened', { summary: '/ is 91 % full' }, 'Opened: / is 91 % full'],
    ['signal-joined', { occurrences: 10, summary: 'It is full' }, 'Again, 10 times by now: It is full'],
    ['opened', { summary: 'A decoy was read', ageMs: days(19) }, 'Opened: A decoy was read (happened 19 days before)'],
    ['signal-cleared', { summary: 'There is room', ageMs: hours(3) }, 'No longer true: There is room (happened 3 hours before)'],
    ['prioritised', { priority: 'P3', reasons: ['Because.'] }, 'Priority P3. Because.'],
    ['prioritised', { from: 'P3', priority: 'P1', reasons: ['Worse.'] }, 'Raised from P3 to P1. Worse.'],
    ['escalated', { reason: 'time-box', fromTeam: 'tier1', toTeam: 'tier2' }, 'Moved from tier1 to tier2: its time there was over.'],
    [
      'containment-asked',
      { otherwise: 'isolate', dueAt: 180_000 },
      'Shall this machine be isolated? Unanswered, it will be isolated at 00:03 UTC.',
    ],
    [
      'containment-asked',
      { otherwise: 'leave', dueAt: null, why: 'the organisation observes' },
      'Shall this machine be isolated? (asked, because the organisation observes) Unanswered, nothing happens.',
    ],
    ['containment-answered', { answer: 'isolate', why: 'unanswered' }, 'Isolate it: nobody answered in time.'],
    ['containment-answered', { answer: 'leave', reason: 'It was me' }, 'Leave it as it is: It was me'],
    [
      'command-settled',
      { verb: 'isolate-host', outcome: 'refused', detail: 'off (local trial)' },
      'Isolation was refused by the machine. off (local trial)',
    ],
    ['resolved', { resolution: 'cleared', note: '' }, 'Resolved: it cleared and nobody had touched it.'],
    ['promise-broken', { promise: 'respond' }, 'The promise to respond in time was broken.'],
  ] as const)('%s', (kind, body, text) => expect(sentence({ kind, body })).toBe(text))

  it('is there for every kind, also for a body that an older version wrote', () => {
    for (const kind of TimelineKind.options) expect(sentence({ kind, body: {} })).not.toMatch(/undefined|null|NaN|\[object/)
  })
})

describe('what a ticket is called', () => {
  it.each([
    [null, '/ is full'],
    [days(19) + hours(23), '/ is full (happened 19 days ago)'],
    [hours(47), '/ is full (happened 47 hours ago)'],
    [minutes(61), '/ is full (happened 61 minutes ago)'],
    [-hours(1), '/ is full (happened 0 minutes ago)'],
  ])('of something %s ms old', (ageMs, called) =>
    expect(headline({ title: '/ is full', happened_at: ageMs === null ? null : days(100) - ageMs }, days(100))).toBe(called),
  )
})
