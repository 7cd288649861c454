import { expect, it } from 'vitest'
import { days } from '#shared/domain/time.ts'
import { ageOfRegister } from '../../../server/due/register-age.ts'

const signedAt = Date.UTC(2026, 10, 1)
const at = (day: number) => ageOfRegister(signedAt, signedAt + days(day))

it('nothing is said where nobody is named', () => {
  expect([ageOfRegister(undefined, signedAt), ageOfRegister(0, signedAt)]).toEqual([undefined, undefined])
})

it('a register counts for seven days: two days before its end somebody is reminded, and at its end pressed', () => {
  expect([at(0)?.state, at(4)?.state]).toEqual(['cleared', 'cleared'])
  expect(at(5)).toMatchObject({ state: 'raised', severity: 'medium', summary: expect.stringContaining('tierline operator renew') })
  expect(at(7)).toMatchObject({ state: 'raised', severity: 'high', summary: expect.stringContaining('lapsed at 2026-11-08T00:00Z') })
})
