import { expect, it } from 'vitest'
import type { Risk } from '#shared/domain/command.ts'
import { days } from '#shared/domain/time.ts'
import { mayBear, maySignLasting, type Operator } from '#shared/protocol/authority.ts'
import { whyNotStanding } from '#shared/protocol/standing-powers.ts'

/* What a key that lies in a browser is good for, and what needs a key file. */
const now = Date.UTC(2026, 10, 23)
const inBrowser: Operator = {
  ...{ name: 'Anna', kid: 'k'.repeat(43), key: { kty: 'OKP', crv: 'Ed25519', x: 'x' }, verbs: ['*'], organisations: ['*'] },
  ...{ certifiedAt: now, expiresAt: now + days(30), isBrowser: true },
}
const inFile: Operator = { ...inBrowser, isBrowser: false }

it.each<[Risk, boolean]>([
  ['protective', true],
  ['low', true],
  ['medium', true],
  ['high', false],
])('of %s risk: %s', (risk, isEnough) => {
  expect([mayBear(inBrowser, risk), mayBear(inFile, risk)]).toEqual([isEnough, true])
})

it('signs no policy, and no standing order: these hold long after the page was closed', () => {
  expect([inBrowser, inFile].map((each) => maySignLasting(each, 'document:policy', 'organisation-1'))).toEqual([false, true])
  const order = {
    ...{ v: 1 as const, id: 'standing-1', number: 1, name: 'Restart', organisationId: 'organisation-1', verb: 'restart-service', args: {} },
    ...{ when: { kind: 'signal' as const, any: [{ kind: 'health.service.down' }] }, mostRuns: 2, issuedAt: now, endsAt: now + days(90) },
    ...{ isWithdrawn: false, requestedBy: 'Anna', reason: 'it falls over' },
  }
  const why = (operator: Operator) =>
    whyNotStanding({ order, risk: 'protective', now, isNew: true }, [operator], { operators: [operator], issuedAt: now })
  expect([why(inBrowser), why(inFile)]).toEqual([expect.stringContaining('needs a key file of Anna'), undefined])
})
