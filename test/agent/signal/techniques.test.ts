import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { forged as forgedCommand } from '../../../agent/command/suspicion.ts'
import { forged as forgedDocument, stale as staleDocument } from '../../../agent/identity/suspicion.ts'
import { isolationDrifted } from '../../../agent/isolate/trouble.ts'

const agent = join(import.meta.dirname, '../../../agent')
/** No attacker's doing: what we could not do, or what people decided. */
const nobodys = new Set(['security.isolation.failed', 'security.isolation.lease-ended'])
/** Where one file says the kind, and another, asked each time, the technique. */
const saidBy = new Map([['sense/canary/tell.ts', 'sense/canary/accuse.ts']])
const saysKind = /kind(?: =|:) ['`](security\.[a-z.-]+)/g

describe('a security signal carries its technique', () => {
  const files = globSync('**/*.ts', { cwd: agent }).filter((path) => path !== 'signal/runbooks.ts')
  const saying = files.flatMap((path) => {
    const text = readFileSync(join(agent, path), 'utf8')
    const kinds = [...text.matchAll(saysKind)].map(([, kind = '']) => kind).filter((kind) => !nobodys.has(kind))
    return kinds.length === 0 ? [] : [[path, readFileSync(join(agent, saidBy.get(path) ?? path), 'utf8')] as const]
  })

  it('is looked for where signals are said', () => expect(saying.length).toBeGreaterThan(10))

  it.each(saying)('%s', (_, text) => expect(text).toMatch(/technique/))

  it('also what is about ourselves', () => {
    const said = [forgedCommand('x', undefined), forgedDocument('x', 'y'), staleDocument('x', 1, 2), isolationDrifted('nft', 'gone')]
    for (const { facts } of said) expect(facts?.technique).toMatch(/^T\d{4}(?:\.\d{3})?$/)
  })
})
