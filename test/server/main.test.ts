import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Fault } from '#shared/domain/fault.ts'
import { explain, loadVerb } from '../../server/main.ts'

const thrownBy = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (thrown) {
    return thrown
  }
}

describe('what stops a verb', () => {
  it('is said in the sentence that it brought', () => {
    expect(explain(new Fault('matrix-bad', 'matrix.yaml:3:1 no such tier'))).toBe('matrix.yaml:3:1 no such tier')
  })

  it('names the flag that nobody knows, on one line', () => {
    const sentence = explain(thrownBy(() => parseArgs({ args: ['--prot', '1'], options: {} })))
    expect(sentence).toMatch(/^Unknown option '--prot'\. --help/)
    expect(sentence).not.toContain('\n')
  })

  it('names the port that is in use', () => {
    expect(explain(Object.assign(new Error(), { code: 'EADDRINUSE', syscall: 'listen', port: 7840 }))).toContain('Port 7840 is in use')
  })

  it('keeps its stack when it is a bug', () => {
    expect(explain(new TypeError('it is undefined'))).toContain('main.test.ts')
  })
})

describe('a verb', () => {
  const names = readdirSync(join(import.meta.dirname, '../../server/cli'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -3))

  it.each(names)('%s says what it does and how to use it', async (name) => {
    const verb = await loadVerb(name)
    expect(verb.summary).toMatch(/^[a-z].{10,70}$/)
    expect(verb.usage).toMatch(/^Usage: npm /)
  })

  it.each(['nonsense', '../app', 'start/flags', 'Try'])('%s is none', async (name) => {
    await expect(loadVerb(name)).rejects.toThrow('has no verb')
  })
})
