import { describe, expect, it } from 'vitest'
import { days, hours } from '#shared/domain/time.ts'
import { missingSentence } from '../../../server/console/endpoint/missing-sentence.ts'
import { type Heard, whereabouts } from '../../../server/console/endpoints/whereabouts.ts'

const now = days(100)

describe('where a machine is', () => {
  const heard = (differs: Partial<Heard>): Heard => ({ isConnected: false, goodbye: null, lastHeardAt: now - hours(1), ...differs })
  it.each([
    ['there, however long ago it was written down', { isConnected: true, lastHeardAt: 0 }, 'there', 'Connected'],
    ['away by its own word', { goodbye: 'shutdown' }, 'away', 'Away: shutdown'],
    ['silent without one', {}, 'silent', 'Silent'],
    ['silent when it was never heard', { lastHeardAt: null }, 'silent', 'Silent'],
    ['not missing before day 30', { lastHeardAt: now - days(30) + 1 }, 'silent', 'Silent'],
    [
      'missing from day 30 on, whatever it said',
      { lastHeardAt: now - days(41) - hours(3), goodbye: 'sleep' },
      'missing',
      'Missing 41 d 3 h',
    ],
  ] as const)('%s', (_name, differs, is, word) => expect(whereabouts(heard(differs), now)).toEqual({ is, word }))
})

describe('what is missing of a lane', () => {
  it.each([
    [1, 0, 'Samples: 1 record was lost.'],
    [12, 0, 'Samples: 12 records were lost.'],
    [0, 2, 'Samples: 2 records were refused.'],
    [12, 1, 'Samples: 12 records were lost, 1 was refused.'],
  ])('%s lost, %s refused', (lost, refused, said) => expect(missingSentence({ lane: 'samples', lost, refused })).toBe(said))
})
