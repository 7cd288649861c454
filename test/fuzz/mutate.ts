import fc from 'fast-check'

/*
 * What a broken or hostile agent could send: real records with some of their values replaced, removed, repeated or grown,
 * and real frames with some of their bytes changed. Everything comes from the seed: fast-check makes a stock of odd values
 * and edits from it, and they are drawn from that stock, because making each anew would be slower than the collector.
 */

const nested = (depth: number): unknown => {
  let value: unknown = 'deep'
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

const oddNumbers = [0, -1, 1.5, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER + 2, Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, 2 ** 63]
const oddTexts = [
  '',
  '\u0000',
  '\ud800',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '$(reboot)',
  '\u202e',
]

const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<unknown>(...oddNumbers, ...oddTexts, null, true, [], {}) },
  { weight: 4, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 20_000 }).map((length) => 'x'.repeat(length)) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3_000 }).map(nested) },
)

interface Edit {
  at: number
  how: 'replace' | 'remove' | 'add' | 'repeat'
  key: string
  value: unknown
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(10_000),
  how: fc.constantFrom<Edit['how']>('replace', 'replace', 'remove', 'add', 'repeat'),
  key: fc.oneof(fc.constantFrom('__proto__', 'v', 'type', 'id', 'kind', 'toString'), fc.string({ maxLength: 8 })),
  value: oddValue,
})

interface Cut {
  at: number
  length: number
  bytes: Uint8Array
}

const cut: fc.Arbitrary<Cut> = fc.record({ at: fc.nat(100_000), length: fc.nat(20), bytes: fc.uint8Array({ maxLength: 20 }) })

export interface Mutations {
  /** A whole number from 0 to `below` - 1. */
  draw(below: number): number
  /** The value with one to three of its parts changed. */
  mutated(value: unknown): unknown
  /** The bytes of the text with one to three pieces replaced by others: seldom JSON, often no UTF-8. */
  torn(text: string): Buffer
}

const stock = 3_000

export function createMutations(seed: number): Mutations {
  const [edits, cuts] = [fc.sample(edit, { numRuns: stock, seed }), fc.sample(cut, { numRuns: stock, seed })]
  const draw = createDraw(seed)
  const some = <Item>(items: readonly Item[]): Item[] =>
    Array.from({ length: draw(3) + 1 }, () => items[draw(items.length)]).filter((item) => item !== undefined)
  return {
    draw,
    // Of the edits too: they come again, and must not have grown meanwhile.
    mutated: (value) =>
      some(edits)
        .map((each) => structuredClone(each))
        .reduce(applyEdit, structuredClone(value)),
    torn: (text) => some(cuts).reduce(applyCut, Buffer.from(text)),
  }
}

/** Mulberry32: small, quick, the same on every machine. */
function createDraw(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

type Holder = Record<string, unknown>

function applyEdit(value: unknown, { at, how, key, value: odd }: Edit): unknown {
  const places = placesIn(value)
  const place = places[at % places.length]
  if (!place) return odd
  const [holder, name] = place
  if (how === 'replace') put(holder, name, odd)
  else if (how === 'remove') Reflect.deleteProperty(holder, name)
  else if (how === 'add') put(holder, key, odd)
  else
    put(
      holder,
      name,
      Array.from({ length: (at % 50) + 2 }, () => holder[name]),
    )
  return value
}

/** As JSON would: `__proto__` is a name like any other, and a list has no `length` of its own. */
const put = (holder: Holder, name: string, value: unknown): unknown =>
  (Array.isArray(holder) && name === 'length') ||
  Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true })

const maxPlaces = 200

function placesIn(value: unknown, found: [Holder, string][] = []): [Holder, string][] {
  if (typeof value !== 'object' || value === null || found.length >= maxPlaces) return found
  for (const [name, inner] of Object.entries(value)) {
    found.push([value as Holder, name])
    placesIn(inner, found)
  }
  return found
}

function applyCut(bytes: Buffer, { at, length, bytes: others }: Cut): Buffer {
  const from = at % (bytes.length + 1)
  return Buffer.concat([bytes.subarray(0, from), others, bytes.subarray(from + length)])
}
