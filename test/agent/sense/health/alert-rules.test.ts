import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

/* Every rule of the community's about hosts, SMART and systemd is judged by a detector, or it is said why not. */
const top = join(import.meta.dirname, '../../../..')
const theirs = join(top, '../shared/data/alert-rules/_data/rules.yml')

const Rules = z.object({
  groups: z.array(
    z.object({
      services: z.array(
        z.object({ name: z.string(), exporters: z.array(z.object({ rules: z.array(z.object({ name: z.string() })).nullish() })) }),
      ),
    }),
  ),
})
const meant = ['Host and hardware', 'S.M.A.R.T Device Monitoring', 'Systemd']

const rows = [...readFileSync(join(top, 'docs/alert-rules.md'), 'utf8').matchAll(/^\| ([A-Z][^|]+?) \| (\S+) \| ?([^|]*?) ?\|$/gm)].map(
  ([, rule = '', detector = '', why = '']) => ({ rule, detector, why }),
)

const headerOf = (detector: string): string => {
  const path = join(top, `agent/sense/health/${detector}.ts`)
  return existsSync(path) ? (/\/\*[\s\S]*?\*\//.exec(readFileSync(path, 'utf8'))?.[0] ?? '') : ''
}

describe('the community’s alert rules', () => {
  it.skipIf(!existsSync(theirs))('stand in the table, each once, and nothing else does', () => {
    const services = Rules.parse(parse(readFileSync(theirs, 'utf8'))).groups.flatMap((group) => group.services)
    const rules = services
      .filter(({ name }) => meant.includes(name))
      .flatMap(({ exporters }) => exporters.flatMap((each) => each.rules ?? []))
    expect(rules.length).toBeGreaterThan(50)
    expect(rows.map(({ rule }) => rule).sort()).toEqual(rules.map(({ name }) => name).sort())
  })

  it.each(rows)('$rule is judged by $detector, whose header speaks of the community’s; or it is said why not', ({ detector, why }) => {
    if (detector === '–') expect(why).toMatch(/^[A-Z].{30,}\.$/)
    else expect(headerOf(detector)).toMatch(/communit|alert-rules/)
  })
})
