import { expect, it } from 'vitest'
import { CommandStatus, decideHeld, isUnderWay } from '#shared/domain/command.ts'

it('is under way until its arrival or its end is known', () => {
  expect(CommandStatus.options.filter(isUnderWay)).toEqual(['requested', 'queued', 'sent'])
})

it('waits for a person only while it is held', () => {
  expect([decideHeld('held', 'send'), decideHeld('held', 'drop')]).toEqual(['requested', 'dropped'])
  const others = CommandStatus.options.filter((status) => status !== 'held')
  expect(others.map((status) => decideHeld(status, 'send'))).toEqual(others.map(() => undefined))
})
