import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { Role } from '#shared/domain/endpoint.ts'
import { hours } from '#shared/domain/time.ts'
import { openOwnRole } from '../../agent/own-role.ts'
import { FakeTime } from '../support/fake-time.ts'

const log = pino({ level: 'silent' })
const open = (look: () => Promise<Role>, said?: Role, time = new FakeTime()) => openOwnRole({ said, look, time, log })

it('a machine that became core since the start is core when it is asked next, and for a day after it was', async () => {
  const time = new FakeTime()
  let found: Role = 'server'
  const role = open(async () => found, undefined, time)
  expect(await role()).toBe('server')
  found = 'core'
  expect(await role()).toBe('core')
  found = 'server'
  await time.advance(hours(23))
  expect(await role()).toBe('core')
  await time.advance(hours(1))
  expect(await role()).toBe('server')
})

it('what a person said is not looked at again', async () => {
  expect(await open(async () => 'core', 'workstation')()).toBe('workstation')
  expect(await open(async () => 'core', 'unknown')()).toBe('core')
})

it('a look that takes too long is not waited for: the last that was seen holds', async () => {
  const time = new FakeTime()
  const looks: (() => void)[] = [() => undefined]
  let isSlow = false
  const role = open(
    () => (isSlow ? new Promise<Role>((resolve) => looks.push(() => resolve('core'))) : Promise.resolve('server')),
    undefined,
    time,
  )
  expect(await role()).toBe('server')
  isSlow = true
  const asked = role()
  await time.advance(50)
  expect(await asked).toBe('server')
  looks.at(-1)?.()
  await Promise.resolve()
  expect(await role()).toBe('core')
})

it('one that can not be looked at is unknown, which is contained like core', async () => {
  expect(await open(() => Promise.reject(new Error('no /sys')))()).toBe('unknown')
})
