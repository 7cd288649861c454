import { describe, expect, it } from 'vitest'
import { minutes } from '#shared/domain/time.ts'
import { createSignInLimit } from '../../../server/people/sign-in-limit.ts'
import { FakeTime } from '../../support/fake-time.ts'

const attempt = (
  limit: ReturnType<typeof createSignInLimit>,
  times: number,
  from: (nth: number) => string,
  login: (nth: number) => string,
) => Array.from({ length: times }, (_, nth) => limit.begin(from(nth), login(nth))).filter((wait) => wait === 0).length

describe('the limit of sign-ins', () => {
  it.each([
    ['one address, one login', () => '192.0.2.1', () => 'ada', 5],
    ['one address, many logins', () => '192.0.2.1', (nth: number) => `person${nth}`, 30],
    ['many addresses, one login', (nth: number) => `192.0.2.${nth % 250}`, () => 'ada', 100],
    ['one IPv6 network, many logins', (nth: number) => `2001:db8:1:2:${nth.toString(16)}::1`, (nth: number) => `person${nth}`, 30],
  ])('lets %s try so often, however many come at once', (_, from, login, most) => {
    expect(attempt(createSignInLimit(new FakeTime()), 200, from, login)).toBe(most)
  })

  it('says how long to wait, and begins afresh after that', async () => {
    const time = new FakeTime()
    const limit = createSignInLimit(time)
    attempt(
      limit,
      5,
      () => '192.0.2.1',
      () => 'ada',
    )
    await time.advance(minutes(4))
    expect(limit.begin('192.0.2.1', 'ada')).toBe(minutes(11))
    await time.advance(minutes(11))
    expect(limit.begin('192.0.2.1', 'ada')).toBe(0)
  })

  it('does not count what succeeded', () => {
    const limit = createSignInLimit(new FakeTime())
    for (let nth = 0; nth < 200; nth += 1) {
      expect(limit.begin('192.0.2.1', 'ada')).toBe(0)
      limit.succeeded('192.0.2.1', 'ada')
    }
  })

  it('locks nobody else out', () => {
    const limit = createSignInLimit(new FakeTime())
    attempt(
      limit,
      50,
      () => '192.0.2.66',
      () => 'ada',
    )
    expect(limit.begin('192.0.2.1', 'ada')).toBe(0)
  })
})
