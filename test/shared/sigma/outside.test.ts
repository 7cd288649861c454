import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { normalise } from '#shared/sigma/normalise.ts'
import { readEvents } from '#shared/sigma/read-events.ts'
import { createSigmaEngine } from '#shared/sigma/sigma.ts'
import { loadRules } from '../../../server/cli/sigma/load.ts'

const data = join(import.meta.dirname, '../../../../shared/data')
const hasData = existsSync(join(data, 'sigma-rules'))
if (!hasData) console.log('not run here: rules and events of SigmaHQ and OTRF, because ../shared/data is not there')

/** Events of a text, none of which may be unreadable. */
function eventsOf(text: string): unknown[] {
  return [...readEvents(text)].map((read) => {
    if (read.kind === 'bad') throw new Error(`line ${read.line}: ${read.reason}`)
    return read.raw
  })
}

describe.skipIf(!hasData)('data from outside', async () => {
  const set = hasData ? await loadRules(join(data, 'sigma-rules'), {}) : { rules: [], correlations: [], refused: [] }
  const idsOf = (events: readonly unknown[]): string[] => {
    const engine = createSigmaEngine(set)
    return events.flatMap((raw) => engine.judge(normalise(raw), 0)).map(({ about }) => about.id)
  }
  const known = new Set(set.rules.map(({ id }) => id))
  const cases = globSync(join(data, 'sigma-regression/**/*.json')).map((file) => {
    const info = readFileSync(join(dirname(file), 'info.yml'), 'utf8')
    return { name: basename(dirname(file)), file, id: /- id: (\S+)/.exec(info)?.[1] ?? '' }
  })

  it('uses every rule, or says by its id why not', () => {
    const files = globSync(join(data, 'sigma-rules/**/*.yml')).length
    expect(set.rules.length + set.refused.length).toBe(files)
    expect(set.refused).toEqual([])
  })

  it.each(cases.filter(({ id }) => known.has(id)))('fits its own rule: $name', ({ file, id }) => {
    expect(idsOf(eventsOf(readFileSync(file, 'utf8')))).toContain(id)
  })

  it('has an event for each rule that is there, and says for which the rule is not', () => {
    const without = cases.filter(({ id }) => !known.has(id))
    if (without.length > 0) console.log(`without a rule in sigma-rules: ${without.map(({ name, id }) => `${name} ${id}`).join(', ')}`)
    expect(cases.length - without.length).toBeGreaterThanOrEqual(64)
  })

  it.each(globSync(join(data, 'otrf/*.zip')))('runs a recorded attack as a stream: %s', (zip) => {
    const events = eventsOf(unzipped(readFileSync(zip)))
    const hits = idsOf(events)
    console.log(`${basename(zip, '.zip')}: ${events.length} events, ${hits.length} hits by ${new Set(hits).size} rules`)
    expect(events.length).toBeGreaterThan(50)
  })
})

/** The only file of a zip, found by the list at its end. */
function unzipped(bytes: Buffer): string {
  const list = bytes.readUInt32LE(bytes.lastIndexOf(Buffer.from('PK\x05\x06')) + 16)
  const packed = bytes.readUInt32LE(list + 20)
  const local = bytes.readUInt32LE(list + 42)
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
  return inflateRawSync(bytes.subarray(start, start + packed)).toString('utf8')
}
