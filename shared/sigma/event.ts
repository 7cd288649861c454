import { fold } from './fold.ts'

/** One value of a field as text, with and without its case. */
export class Value {
  readonly text: string
  #folded: string | undefined

  constructor(text: string) {
    this.text = text
  }

  get folded(): string {
    this.#folded ??= fold(this.text)
    return this.#folded
  }

  /** A number as it is written most simply ("0x1210" → "4624"); undefined where it is none, or is so already. */
  get number(): string | undefined {
    const first = this.text.charCodeAt(0)
    // Most values are no numbers, and trying costs: all numbers begin with a digit, a sign, a dot or a space.
    if (!(first <= 57) || this.text.length > 40) return undefined
    const simple = this.text.trim() === '' ? 'NaN' : String(Number(this.text))
    return simple === 'NaN' || simple === this.text ? undefined : simple
  }
}

type Fields = Readonly<Record<string, unknown>>

/** How deep objects in an event are looked into. */
const maxDepth = 20

/** An event as rules see it: a field's values as texts, made when first asked for and kept, since many rules ask for the same. */
export class EventView {
  readonly #fields: Fields
  readonly #line: string | undefined
  readonly #known = new Map<string, readonly Value[]>()
  #all: readonly Value[] | undefined

  /** @param line the event as it was written, where it was a line of text; keywords look there too. */
  constructor(fields: Fields, line?: string) {
    this.#fields = fields
    this.#line = line
  }

  /** Empty when the field is missing or null. */
  values(field: string): readonly Value[] {
    const known = this.#known.get(field)
    if (known) return known
    const values = valuesOf(lookUp(this.#fields, field))
    this.#known.set(field, values)
    return values
  }

  /** Every value of every field, for keywords. */
  all(): readonly Value[] {
    if (!this.#all) {
      const all = Object.keys(this.#fields).flatMap((field) => this.values(field))
      this.#all = this.#line === undefined ? all : [...all, new Value(this.#line)]
    }
    return this.#all
  }
}

function valuesOf(found: unknown): readonly Value[] {
  if (found === undefined || found === null) return []
  const texts: string[] = []
  collect(found, texts, 0)
  return texts.map((text) => new Value(text))
}

function collect(found: unknown, texts: string[], depth: number): void {
  if (found === null || found === undefined || depth > maxDepth) return
  if (typeof found === 'object') for (const each of Object.values(found)) collect(each, texts, depth + 1)
  else texts.push(String(found))
}

/** By its own name; else `a.b` is looked for in objects; else the digests that Sysmon packs into `Hashes`. */
function lookUp(fields: Fields, field: string): unknown {
  if (Object.hasOwn(fields, field)) return fields[field]
  if (field.includes('.')) return along(fields, field.split('.'))
  return /^(md5|sha1|sha256|imphash)$/i.test(field) ? digest(fields, field) : undefined
}

function along(fields: Fields, path: readonly string[]): unknown {
  let at: unknown = fields
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    at = (at as Fields)[name]
  }
  return at
}

function digest(fields: Fields, name: string): string | undefined {
  const hashes = Object.hasOwn(fields, 'Hashes') ? fields.Hashes : undefined
  if (typeof hashes !== 'string') return undefined
  const found = hashes.split(',').find((each) => fold(each).startsWith(`${fold(name)}=`))
  return found?.slice(name.length + 1)
}
