import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { shellQuoted, table } from '../../../server/cli/start/print.ts'

it('a table keeps names and values in columns, further lines below', () => {
  expect(table({ A: 'one', Longer: ['two', 'three'] })).toBe('  A        one\n  Longer   two\n           three\n')
})

it.each(['plain', 'with space', "it's", '$(touch x)', '`id`', 'ü"\\'])('the shell takes %s as one word, as it is', (word) => {
  expect(execFileSync('sh', ['-c', `printf %s ${shellQuoted(word)}`], { encoding: 'utf8' })).toBe(word)
})
