import { expect, it } from 'vitest'
import { CommandStatus, isUnderWay } from '#shared/domain/command.ts'

it('is under way until its arrival or its end is known', () => {
  expect(CommandStatus.options.filter(isUnderWay)).toEqual(['requested', 'unsigned', 'queued', 'sent'])
})
