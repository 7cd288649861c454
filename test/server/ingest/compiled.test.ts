import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { AgentMessage } from '#shared/protocol/messages.ts'
import { RecordBody } from '#shared/protocol/record.ts'

/*
 * The collector reads frames and records by what zod compiles of the schemas, eight times faster than zod itself. Both
 * must say the same of whatever comes, and hand on the same: tried with every recorded frame, and with thousands of ways
 * in which one could be wrong.
 */
const recorded = join(import.meta.dirname, '../../golden/protocol')
const frames = readdirSync(recorded, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\bagent\b.*\.json$/.test(name))
  .flatMap((name) => JSON.parse(readFileSync(join(recorded, name), 'utf8')) as object | object[])
const bodies = frames.flatMap((frame) => ('records' in frame ? (frame.records as { body: object }[]).map(({ body }) => body) : []))

const anyValue = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom('', '\0', '\ud800', 'x'.repeat(70_000), -1, 1.5, 1e300, Number.MAX_SAFE_INTEGER + 1, -0, null, true, [], {}),
)
const anyKey = fc.oneof(fc.string({ minLength: 8 }), fc.constantFrom('', '__proto__', 'constructor', 'toString', '0', 'extra'))

/** Where something may be changed in a value: each key of each object and list in it. */
function placesOf(value: unknown): [object, string][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [[value, key] as [object, string], ...placesOf(inner)])
}

/** A copy with one thing changed, gone or added, as a frame could bring it. */
const mutated = (seeds: readonly object[]) =>
  fc
    .tuple(fc.constantFrom(...seeds), fc.nat(), fc.constantFrom('replace', 'remove', 'add'), anyKey, anyValue)
    .map(([seed, nth, act, key, value]) => {
      const copy = structuredClone(seed)
      const places = placesOf(copy)
      const [place, at] = places[nth % places.length] ?? [copy, '']
      const name = act === 'add' ? key : at
      if (act === 'remove') Reflect.deleteProperty(place, name)
      else Object.defineProperty(place, name, { value, enumerable: true, configurable: true, writable: true })
      return JSON.parse(JSON.stringify(copy)) as unknown
    })

describe.each([
  ['frames', AgentMessage, frames],
  ['records', RecordBody, bodies],
] as const)('%s', (_what, schema, seeds) => {
  const compiled = z.compile(schema as z.ZodType, { strict: true })
  const sees = (reader: z.ZodType, value: unknown) => {
    const { success, data, error } = reader.safeParse(value)
    return { success, data: JSON.stringify(data), keys: placesOf(data).map(([, key]) => key), issue: error?.issues[0] }
  }
  const same = (value: unknown): void => {
    expect(sees(compiled, value)).toEqual(sees(schema, value))
  }

  it('that were recorded are read alike', () => {
    expect(seeds.length).toBeGreaterThan(5)
    for (const seed of seeds) same(seed)
  })

  it('that are wrong in some way are read alike', () => {
    fc.assert(fc.property(mutated(seeds), same), { numRuns: 3_000 })
  })

  it('that are anything else are read alike', () => {
    fc.assert(fc.property(anyValue, same), { numRuns: 300 })
  })
})
