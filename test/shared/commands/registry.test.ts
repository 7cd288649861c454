import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { whyNotOn } from '#shared/commands/define-command.ts'
import { commands } from '#shared/commands/registry.ts'
import type { Platform } from '#shared/domain/endpoint.ts'

it('the registry names every file of the folder, by its verb', () => {
  const folder = join(import.meta.dirname, '../../../shared/commands')
  const files = readdirSync(folder).filter((file) => !['registry.ts', 'define-command.ts'].includes(file))
  expect([...commands.keys()].map((verb) => `${verb}.ts`).toSorted()).toEqual(files.toSorted())
})

it('each says by itself on which systems it is done, and elsewhere why it can’t be asked for', () => {
  const folder = join(import.meta.dirname, '../../../shared/commands')
  for (const verb of commands.keys()) expect(readFileSync(join(folder, `${verb}.ts`), 'utf8')).toContain('  platforms: ')
  const on = (platform: Platform) =>
    [...commands.values()].filter((command) => whyNotOn(command, platform) === undefined).map(({ verb }) => verb)
  expect(on('linux')).toEqual([...commands.keys()])
  expect(on('macos').toSorted()).toEqual(['keep-standing-order', 'ping', 'rearm-canaries', 'reboot', 'run-script'])
  expect(on('windows').toSorted()).toEqual(['keep-standing-order', 'ping', 'rearm-canaries'])
  expect(whyNotOn(commands.get('quarantine-file'), 'windows')).toBe('quarantine-file is done on linux only so far, and this is windows.')
})
