import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { commands } from '#shared/commands/registry.ts'

it('the registry names every file of the folder, by its verb', () => {
  const folder = join(import.meta.dirname, '../../../shared/commands')
  const files = readdirSync(folder).filter((file) => !['registry.ts', 'define-command.ts'].includes(file))
  expect([...commands.keys()].map((verb) => `${verb}.ts`).toSorted()).toEqual(files.toSorted())
})
