import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import type { Fact, Neighbour } from '#shared/domain/inventory.ts'
import { supportEnds } from '#shared/domain/system-release.ts'
import { readLinuxFacts, readNeighbours } from '../../../agent/host/linux-facts.ts'

interface Case {
  machine: string
  files: Record<string, string>
  facts: Fact[]
  neighbours?: Neighbour[]
}
const project = join(import.meta.dirname, '../../..')
const cases = parse(readFileSync(join(project, 'test/golden/inventory/linux-facts.yaml'), 'utf8')) as Case[]
const known = join(project, '../shared/data/endoflife/products.json')

function rootWith(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'tierline-facts-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

describe('a Linux machine says of itself, with where it was read', () => {
  it.each(cases)('$machine', async ({ files, facts, neighbours = [] }) => {
    const root = rootWith(files)
    expect(await readLinuxFacts(root)).toEqual(facts)
    expect(await readNeighbours(root)).toEqual(neighbours)
  })

  it('is held up by no FIFO where a file was expected', async () => {
    const root = rootWith({ '/etc/passwd': '' })
    execFileSync('mkfifo', [join(root, 'etc/os-release')])
    expect(await readLinuxFacts(root)).toEqual([])
  })
})

if (!existsSync(known)) console.info('linux-facts: not held against endoflife.date, whose list is not here')
it.skipIf(!existsSync(known))('names releases as endoflife.date does', () => {
  const products = JSON.parse(readFileSync(known, 'utf8')) as Record<string, { releases: { releaseCycle: string }[] }>
  const releases = cases.flatMap(({ facts }) => facts.filter(({ name }) => name === 'release').map(({ value }) => value))
  for (const release of releases.filter((each) => !each.startsWith('unknown'))) {
    const [product = '', cycle] = release.split(' ')
    expect(
      products[product]?.releases.map(({ releaseCycle }) => releaseCycle),
      release,
    ).toContain(cycle)
  }
})

it.skipIf(!existsSync(known))('knows the end of each as endoflife.date does', () => {
  const products = JSON.parse(readFileSync(known, 'utf8')) as Record<
    string,
    { releases: { releaseCycle: string; eol: unknown; eoes?: unknown }[] }
  >
  for (const [product, cycles] of Object.entries(supportEnds))
    for (const [cycle, [until, extendedUntil]] of Object.entries(cycles)) {
      const theirs = products[product]?.releases.find(({ releaseCycle }) => releaseCycle === cycle)
      expect([product, cycle, theirs?.eol, theirs?.eoes ?? undefined]).toEqual([product, cycle, until, extendedUntil])
    }
})
