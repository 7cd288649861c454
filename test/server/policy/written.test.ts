import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { resolvePolicy } from '#shared/protocol/documents/policy.ts'
import { readPolicy } from '../../../server/desk/policy-text.ts'
import { layersFor, memberOf, type Place, PolicyDocument, policyJsonSchema } from '../../../server/policy/written.ts'

const acme = { id: 'org-1', name: 'Acme' }
const other = { id: 'org-2', name: 'Other' }
const berlin = { id: 'site-1', name: 'Berlin' }
const place = (id: string, more: Partial<Place> = {}): Place => ({
  id,
  hostname: `pc-${id}`,
  organisation: acme,
  site: null,
  tags: [],
  ...more,
})
const places = [place('a', { site: berlin, tags: ['lab'] }), place('b', { site: berlin }), place('c'), place('d', { organisation: other })]
const world = { organisations: [acme, other], sites: [{ ...berlin, organisationId: acme.id }], places }

const yaml = `policies:
  - for: { endpoint: pc-a }
    health: { disk-full: { usedPercent: 50 } }
  - health: { disk-full: { usedPercent: 90, freeGib: 10 }, battery-worn: off }
    samples: { everySeconds: 30 }
  - for: { organisation: Acme }
    health: { disk-full: { usedPercent: 80 } }
  - for: { tag: lab }
    health: { disk-full: { usedPercent: 60 } }
    security: { suspendsAlone: true }
  - for: { site: Berlin }
    health: { disk-full: { usedPercent: 70 }, battery-worn: { leftPercent: 50 } }
    isolation: { leaseHours: null }
`

const inForce = (id: string, organisation = acme) => {
  const read = readPolicy(yaml, world)
  if (read.kind === 'bad') throw new Error(JSON.stringify(read.problems))
  return resolvePolicy(
    { organisationId: organisation.id, layers: layersFor(read.document, organisation, places, read.lineOf) },
    memberOf(id),
  )
}

describe('of two entries that say something of one setting', () => {
  it('the closer one wins, wherever it stands in the file, and says which line it was', () => {
    const used = (id: string, organisation = acme) => inForce(id, organisation).settings['health.disk-full.usedPercent']
    expect([used('a'), used('b'), used('c'), used('d', other)]).toEqual([50, 70, 80, 90])
    expect(inForce('a').origins).toEqual({
      'health.disk-full.usedPercent': 'line 2, endpoint pc-a',
      'health.disk-full.freeGib': 'line 4, the whole fleet',
      'health.battery-worn.leftPercent': 'line 11, site Berlin',
      'samples.everySeconds': 'line 4, the whole fleet',
      'security.suspendsAlone': 'line 8, tag lab',
      'isolation.leaseHours': 'line 11, site Berlin',
    })
  })

  it('a detector switched off for all is on again where a closer entry gives it a number', () => {
    expect(inForce('c').settings['health.battery-worn']).toBe('off')
    expect(inForce('b').settings).not.toHaveProperty('health.battery-worn')
  })

  it('an organisation hears of nobody else’s machines', () => {
    const read = readPolicy(yaml, world)
    if (read.kind === 'bad') throw new Error('it is good')
    expect(layersFor(read.document, other, places, read.lineOf).map(({ from }) => from)).toEqual(['line 4, the whole fleet'])
  })
})

describe('a policy that is wrong is told of by line and reason', () => {
  it.each([
    ['policies:\n  - health: { disk-ful: off }', 2, 'there is no detector "disk-ful"'],
    [
      'policies:\n  - health: { disk-full: { usedPercent: 101 } }',
      2,
      'health.disk-full.usedPercent: disk-full.usedPercent is a number from 0 to 100',
    ],
    ['policies:\n  - health: {}\n  - securty: {}', 3, 'nobody knows this word here'],
    ['policies:\n  - isolation: { leaseHours: 0 }', 2, 'leaseHours'],
    ['policies:\n  - for: { site: Paris }', 2, 'there is no site "Paris"'],
    ['policies:\n  - for: { organisation: Other, site: Berlin }', 2, 'there is no site "Berlin"'],
    ['policies:\n  - for: { endpoint: nobody }', 2, 'there is no endpoint "nobody"'],
    ['policies:\n  - isolation: { outside: example.org:443 }', 2, 'expected an address and a port'],
    ['policies:\n  - for: {}', 2, 'without `for` it is the whole fleet'],
    ['policies: [', 1, ''],
  ])('%s', (text, line, reason) => {
    const read = readPolicy(text, world)
    expect(read).toMatchObject({ kind: 'bad' })
    const [problem] = read.kind === 'bad' ? read.problems : []
    expect(`${problem?.line} ${problem?.path}: ${problem?.reason}`).toContain(reason)
    expect(problem?.line).toBe(line)
  })
})

/** Written anew by `npx vitest run test/server/policy/written.test.ts -u`. */
it('the JSON Schema that ships says what the schema of a policy says', async () => {
  const file = join(import.meta.dirname, '../../../server/policy/policy.schema.json')
  await expect(`${JSON.stringify(policyJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(file)
  expect(PolicyDocument.safeParse(parse(yaml)).error?.issues).toBeUndefined()
})
